import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import schema from '../../bench/events.schema.json' with { type: 'json' };
import { EventsFile } from '../../local/src/demo/events-file.ts';

const fits = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);

const header = {
  run_id: 'r1',
  versions: { millrace: '0.1.0', node: '24.0.0' },
  build: { profile: 'release' },
  threads: 4,
  cpu: 'some cpu',
  cores: 2,
  kernel: 'Linux 6',
  load: 0.5,
  commit: 'abc',
  ns_per_step: 1.3,
  deviations: ['sleeps on a timer wheel'],
  config: { seed: 42, policy: 'block' },
};

/** One line of every kind, in the order that DESIGN 3.5 lists them; any system may write them. */
const LINES: readonly Readonly<Record<string, unknown>>[] = [
  { event: 'run', schema: 1, system: 'tokio', started_unix_us: 1_700_000_000_000_000, ...header },
  {
    event: 'job_done',
    id: 7,
    producer: 3,
    worker: 'w',
    slot: 2,
    attempt: 1,
    scheduled_us: 0,
    enqueued_us: 10,
    started_us: 20,
    done_us: 30,
    checksum: 4_294_967_295,
    ok: true,
  },
  { event: 'job_failed', id: 7, attempt: 1, error: 'boom', at_us: 30 },
  { event: 'job_killed', id: 7, worker: 'w', started_us: 20, at_us: 30 },
  { event: 'refused', id: 7, at_us: 30 },
  { event: 'worker_crash', worker: 'w', drawn: 3, slot: 0, at_us: 650_000, cause: 'SIGKILL' },
  { event: 'worker_restart', worker: 'w2', slot: 0, at_us: 660_000 },
  { event: 'rss', pid: 12, bytes: 1, heap_used: 1, external: 1, phase: 'steady', at_us: 1 },
  { event: 'metrics', source: 'worker', values: { loop_delay_ms: 1.5 }, at_us: 1_000_000 },
];

describe.each(LINES.map((line) => [line.event, line] as const))('a line of %s', (_, line) => {
  it('is valid as it stands', () => {
    expect(fits(line) || fits.errors).toBe(true);
  });

  it.each(Object.keys(line))('is not without %s', (key) => {
    const { [key]: _left, ...rest } = line;
    expect(fits(rest)).toBe(false);
  });

  it.each(Object.keys(line))('is not with an array for %s, or an object in it', (key) => {
    expect(fits({ ...line, [key]: [{}] })).toBe(false);
  });

  it('is not with a word that nobody knows', () => {
    expect(fits({ ...line, extra: 1 })).toBe(false);
  });
});

describe('the schema of lines', () => {
  it('has a definition for each kind, and no other', () => {
    expect(schema.oneOf).toHaveLength(LINES.length);
    expect(fits({ event: 'job_lost', id: 7, at_us: 30 })).toBe(false);
  });

  it('refuses figures that no run has', () => {
    const [run, done, failed, , , , , rss, metrics] = LINES;
    expect(fits({ ...run, schema: 2 })).toBe(false);
    expect(fits({ ...run, ns_per_step: 0 })).toBe(false);
    expect(fits({ ...done, checksum: 4_294_967_296 })).toBe(false);
    expect(fits({ ...done, checksum: -1 })).toBe(false);
    expect(fits({ ...done, attempt: 0 })).toBe(false);
    expect(fits({ ...done, done_us: 0.5 })).toBe(false);
    expect(fits({ ...rss, phase: 'later' })).toBe(false);
    expect(fits({ ...metrics, source: 'elsewhere' })).toBe(false);
    expect(fits({ ...metrics, values: { loop_delay_ms: '1.5' } })).toBe(false);
    expect(fits({ ...metrics, name: 'pod-1.a1' })).toBe(true);
    expect(fits({ ...failed, started_us: 20 })).toBe(true);
    expect(fits({ ...failed, started_us: '20' })).toBe(false);
  });
});

/** Everything the demo writes of a run with one crash. */
async function linesOfDemo(): Promise<unknown[]> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-events-'));
  const startedUs = 1_700_000_000_000_000;
  const ms = (after: number) => startedUs / 1000 + after;
  try {
    const file = await EventsFile.open(join(folder, 'events.jsonl'));
    const origin = { id: 7, producer: 3, slot: null, scheduledUs: startedUs };
    const entry = {
      id: '1',
      name: 'workload',
      worker: 'pod.a1',
      attempt: 1,
      start: 1,
      value: '{"checksum":3}',
      data: '{}',
      enqueuedUs: startedUs + 1,
      takenMs: startedUs / 1000,
      startedUs: startedUs + 2,
      doneUs: startedUs + 3,
    } as const;
    const beat = { pid: 12, lastBeatMs: ms(100), rssBytes: 9, heapBytes: 4 };
    file.run(header, startedUs);
    file.ended({ ...entry, outcome: 'completed' }, origin);
    file.ended({ ...entry, outcome: 'retried', value: 'boom' }, origin);
    file.ended({ ...entry, outcome: 'killed', value: '' }, origin);
    file.sample(beat as Parameters<EventsFile['sample']>[0]);
    file.crash({ worker: 'pod.a1', pid: 12, drawn: 3, slot: 0, atMs: ms(650), plannedMs: 650 });
    file.restart({ worker: 'pod.b2', slot: 0, atMs: ms(660) });
    await file.end(new Set([12]));
    const text = await readFile(join(folder, 'events.jsonl'), 'utf8');
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  } finally {
    await rm(folder, { recursive: true });
  }
}

it('is kept by what the demo writes', async () => {
  const lines = await linesOfDemo();
  const wrong = lines.filter((line) => !fits(line));
  expect(wrong).toEqual([]);
  expect(lines).toContainEqual({
    event: 'job_failed',
    id: 7,
    attempt: 1,
    error: 'boom',
    started_us: 2,
    at_us: 3,
  });
  expect(new Set(lines.map((line) => (line as { event: string }).event))).toEqual(
    new Set(['run', 'job_done', 'job_failed', 'job_killed', 'rss', 'worker_crash', 'worker_restart']),
  );
});
