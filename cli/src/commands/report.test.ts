import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../testing/host.ts';

const START_US = 1_700_000_000_000_000;

function run(system: string, jobs = 100): string {
  const lines = [
    {
      ...{ event: 'run', schema: 1, system, run_id: `${system}-1`, started_unix_us: START_US },
      ...{
        versions: {},
        build: {},
        threads: 1,
        cpu: 'some',
        cores: 2,
        kernel: 'Linux',
        load: 0,
        commit: 'abc',
      },
      ...{ ns_per_step: 1, deviations: [], config: { jobs: 100, rate: 50 } },
    },
    ...Array.from({ length: jobs }, (_, id) => {
      const scheduled_us = id * 20_000;
      const times = {
        enqueued_us: scheduled_us,
        started_us: scheduled_us + 1_000,
        done_us: scheduled_us + 9_000,
      };
      const who = { id, producer: 0, worker: 'w', slot: 0, attempt: 1, checksum: 1, ok: true };
      return { event: 'job_done', ...who, scheduled_us, ...times };
    }),
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

let dir: string;
const at = (name: string) => join(dir, name);
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'millrace-report-'));
  await writeFile(at('a.jsonl'), run('millrace'));
  await writeFile(at('b.jsonl'), run('go'));
  await writeFile(at('empty.jsonl'), '');
});
afterAll(() => rm(dir, { recursive: true }));

const report = (...argv: string[]) => runCommand('', ['report', ...argv]);

describe('millrace report', () => {
  it('tells of a run: figures, and what is thought of it', async () => {
    const { code, out } = await report(at('a.jsonl'));
    expect(code).toBe(0);
    expect(out.replaceAll(dir, 'DIR')).toMatchInlineSnapshot(`
      "Run millrace-1

      from        DIR/a.jsonl: 100 records, every job, from the events file
      jobs        100 done, 0 lost in 2.0 s
      checksum    0
      throughput  50 jobs/s
      loss area   1 job seconds, from due until done

      LATENCY   P50   P95   P99  P99.9   MAX  MEAN
      wait     1 ms  1 ms  1 ms   1 ms  1 ms  1 ms
      service  8 ms  8 ms  8 ms   8 ms  8 ms  8 ms
      total    9 ms  9 ms  9 ms   9 ms  9 ms  9 ms

      DIAGNOSIS
      Nothing stands out: the tail is near the mean, memory is level, recoveries are quick.
      No cause of harm was seen.
      "
    `);
  });

  it('answers with one document under --json', async () => {
    const { code, out } = await runCommand('', ['--json', 'report', at('a.jsonl')]);
    expect(code).toBe(0);
    const { runs, comparison } = JSON.parse(out);
    expect(comparison).toBeNull();
    expect(runs[0]).toMatchObject({ runId: 'millrace-1', diagnosis: [], signature: { shape: 'healthy' } });
    expect(runs[0].sources[0]).toMatchObject({ source: 'jsonl', jobs: { done: 100, lost: 0 } });
  });

  it('compares runs, and writes the page', async () => {
    const { code, out, err } = await report(at('a.jsonl'), at('b.jsonl'), '--html', at('page.html'));
    expect([code, err]).toEqual([0, `The page is ${at('page.html')}.\n`]);
    expect(out).toContain('Comparable: the same jobs on the same machine');
    expect(await readFile(at('page.html'), 'utf8')).toMatch(/^<!doctype html>/);
  });

  it.each([
    [['no-such-file'], 2, '"no-such-file" cannot be read'],
    [['--band', '1.5', 'x'], 2, '"1.5" is not a share'],
    [['--jaeger', 'nowhere', 'x'], 2, '"nowhere" is not an address'],
    [['--hold', 'long', 'x'], 2, 'long'],
    [['--window', '0', 'x'], 2, '"0" is too short'],
    [['--window', '0.1ms', 'x'], 2, '"0.1ms" is too short'],
    [['--jaeger', 'http://127.0.0.1:9', '--since', '1m'], 1, 'Jaeger at http://127.0.0.1:9/ does not answer'],
  ])('refuses %j with exit code %i', async (argv, code, said) => {
    const ran = await report(...argv);
    expect([ran.code, ran.out]).toEqual([code, '']);
    expect(ran.err).toContain(said);
  });

  it('tells of the run that is named alone, and refuses one that is not there', async () => {
    const one = await report('--json', at('a.jsonl'), at('b.jsonl'), '--run', 'go-1');
    expect(JSON.parse(one.out).runs.map(({ runId }: { runId: string }) => runId)).toEqual(['go-1']);
    const none = await report(at('a.jsonl'), '--run', 'go-1');
    expect(none.code).toBe(1);
    expect(none.err).toContain(
      `There is nothing of run go-1 to report on: ${at('a.jsonl')} is of millrace-1.`,
    );
  });

  it('tells of a run whose Jaeger is away, with a warning', async () => {
    const { code, out } = await report(at('a.jsonl'), '--jaeger', 'http://127.0.0.1:9');
    expect(code).toBe(0);
    expect(out).toContain("without Jaeger's traces: Jaeger at http://127.0.0.1:9/ does not answer");
    expect(out).toContain('100 done, 0 lost');
  });

  it('refuses an empty file, and a page that cannot be written', async () => {
    const empty = await report(at('empty.jsonl'));
    expect([empty.code, empty.err]).toEqual([1, expect.stringContaining('it is empty')]);
    const nowhere = await report(at('a.jsonl'), '--html', at('no/such/page.html'));
    expect([nowhere.code, nowhere.err]).toEqual([2, expect.stringContaining('cannot be written')]);
  });

  it('takes Jaeger’s own 404 for nothing, and any other answer for what it is', async () => {
    const nothing = '{"error":{"httpCode":404,"message":"No traces found"}}';
    const server = createServer((request, response) => {
      if (request.url?.includes('services')) response.end('{"services":["s"]}');
      else if (request.url?.includes('operations')) response.end('{"operations":[{"name":"process q"}]}');
      else if (request.url?.includes('/sick/')) response.writeHead(500).end();
      else response.writeHead(404).end(request.url?.includes('/other/') ? 'Not Found' : nothing);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const [none, sick] = [await report('--jaeger', url), await report('--jaeger', `${url}/sick/`)];
    const other = await report('--jaeger', `${url}/other`);
    server.close();
    expect([none.code, none.err]).toEqual([
      1,
      expect.stringContaining('it holds no process span in that time'),
    ]);
    expect([sick.code, sick.err]).toEqual([1, expect.stringContaining('it says 500 to /sick/api/v3/traces')]);
    expect([other.code, other.err]).toEqual([
      1,
      expect.stringMatching(/does not answer like Jaeger's api\/v3: it says 404 to \/other\/api\/v3\/traces/),
    ]);
  });
});

it('a long answer goes through a pipe to its end', async () => {
  await writeFile(at('long.jsonl'), run('millrace', 100_000));
  const main = fileURLToPath(new URL('../main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, 'report', at('long.jsonl'), '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const out = await text(child.stdout);
  // More than a pipe takes at once.
  expect(out.length).toBeGreaterThan(200_000);
  expect(() => JSON.parse(out)).not.toThrow();
}, 60_000);
