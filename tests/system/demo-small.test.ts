import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import schema from '../../bench/events.schema.json' with { type: 'json' };
import { demoParameters, expectedChecksum } from '../../local/src/demo/workload-plan.ts';
import { configFile, launch, scratch } from '../support/launch.ts';

const PORTS = 'http: { port: 0, healthPort: 0 }\nsupervision: { healthPort: 0 }\nworker: { healthPort: 0 }\n';
const JOBS = 3_000;

let dir: string;
let remove: () => Promise<void>;
beforeEach(async () => {
  ({ dir, remove } = await scratch());
});
afterEach(() => remove());

it('runs every job of the demo exactly once, killing on the way, and writes its events', async () => {
  const events = join(dir, 'events.jsonl');
  const config = await configFile(dir, PORTS);
  const args = [
    '--demo',
    '--json',
    '--jobs',
    String(JOBS),
    '--events',
    events,
    '--dir',
    dir,
    '--config',
    config,
  ];
  const demo = launch(args);
  const code = await demo.exit();
  expect(code, demo.stderr()).toBe(0);

  const report = JSON.parse(demo.stdout().trimEnd().split('\n').at(-1) ?? '');
  expect(Object.keys(report)).toEqual([
    'jobs',
    'checksum',
    'lost',
    'duplicateCommits',
    'duplicateStarts',
    'kills',
    'maxDepth',
    'returned',
    'throughput',
    'recoveries',
    'errors',
    'p50',
    'p95',
    'p99',
    'rssSteady',
    'rssPostRecovery',
  ]);
  const checksum = expectedChecksum(demoParameters({ jobs: JOBS, seed: 42 }));
  expect(report).toMatchObject({ jobs: JOBS, checksum, lost: 0, duplicateCommits: 0 });
  expect(report.kills).toBeGreaterThanOrEqual(1);
  expect(report.recoveries).toHaveLength(report.kills);
  expect(report.maxDepth).toBeLessThanOrEqual(256);
  expect(report.duplicateStarts).toBe(report.returned);
  expect(report.errors).toBe(0);
  expect(report.p50).toBeGreaterThan(0);
  expect(report.p50).toBeLessThanOrEqual(report.p95);
  expect(report.p95).toBeLessThanOrEqual(report.p99);
  expect(report.rssSteady).toBeGreaterThan(4 * 20 * 2 ** 20);
  expect(report.rssPostRecovery).toBeGreaterThan(4 * 20 * 2 ** 20);

  const lines = (await readFile(events, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const fits = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);
  expect(lines.filter((line) => !fits(line))).toEqual([]);
  expect(lines[0]).toMatchObject({ event: 'run', system: 'millrace' });
  const told = lines.filter((line) => line.event === 'metrics');
  for (const source of ['producer', 'supervisor', 'worker', 'store', 'host', 'collector']) {
    expect(
      told.some((line) => line.source === source && Object.keys(line.values).length > 0),
      source,
    ).toBe(true);
  }
  const page = join(dir, 'events.html');
  expect(demo.stderr()).toContain(`The report: ${page}`);
  expect(await readFile(page, 'utf8')).toMatch(/^<!doctype html>/);
  const done = lines.filter((line) => line.event === 'job_done');
  expect(new Set(done.map((line) => line.id)).size).toBe(JOBS);
  expect(done).toHaveLength(JOBS);
  expect(lines.filter((line) => line.event === 'worker_crash')).toHaveLength(report.kills);
  for (const line of done) {
    expect(line.scheduled_us).toBeLessThanOrEqual(line.enqueued_us + 2_000);
    expect(line.started_us).toBeLessThanOrEqual(line.done_us);
  }
}, 120_000);
