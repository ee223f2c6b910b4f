import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endOf, millraceUp, type RunningPlatform } from '../support/millrace-cli.ts';
import { until } from '../support/queue.ts';
import { isAlive } from '../support/worker-pod.ts';

const SETTINGS = `
worker: { processes: 2, concurrency: 4, healthPort: 0 }
queues: { workload: { bound: 50 } }
`;

let platform: RunningPlatform;
beforeAll(async () => {
  platform = await millraceUp(SETTINGS);
}, 120_000);
afterAll(() => platform?.remove());

/** Runs a command that must succeed and answer in JSON. */
async function json<T = Record<string, unknown>>(...args: string[]): Promise<T> {
  const { code, out, err } = await platform.millrace([...args, '--json']);
  expect({ args, code, err }).toEqual({ args, code: 0, err: '' });
  return JSON.parse(out) as T;
}

const job = (id: number) => `${JSON.stringify({ name: 'workload', data: { seed: 42, id } })}\n`;
const jobs = (from: number, count: number) =>
  Array.from({ length: count }, (_, at) => job(from + at)).join('');

/** What the API says now; waiting asks it directly, since starting a command each time would load the machine. */
async function api<T = Record<string, unknown>>(path: string): Promise<T> {
  return (await (await fetch(`${platform.url}/v1/${path}`)).json()) as T;
}

interface Worker {
  readonly id: string;
  readonly pod: string;
  readonly pid: number;
  readonly state: string;
}
async function running(): Promise<Worker[]> {
  const { workers } = await api<{ workers: Worker[] }>('workers');
  return workers.filter((worker) => worker.state === 'running');
}

describe('one job', () => {
  test('is handed in, waited for and looked at', async () => {
    const { code, out } = await platform.millrace(['enqueue', 'call', 'call', '{"n":100}', '--wait', '20s']);
    expect({ code, out }).toEqual({ code: 0, out: '{"sum":5050}\n' });
    const accepted = await platform.millrace(['enqueue', 'call', 'call', '--data', '-'], '{"n": 4}');
    expect(accepted.code).toBe(0);
    const id = accepted.out.trim();
    await until(async () => (await api(`queues/call/jobs/${id}`)).state === 'completed', 'the job ends');
    const shown = await platform.millrace(['job', 'call', id]);
    expect(shown.out).toMatch(/state\s+completed/);
    expect(shown.out).toContain('"sum": 10');
    const listed = await platform.millrace(['jobs', 'call', '--state', 'completed']);
    expect(listed.out).toMatch(/^ID +NAME +STATE/);
    expect(listed.out).toContain('{"n":100}');
  });

  test('is refused with each fault of its data', async () => {
    const { code, out, err } = await platform.millrace(['enqueue', 'call', 'call', '{"n":-1}']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/\/data\/n/);
    const problem = await platform.millrace(['enqueue', 'call', 'call', '{"n":-1}', '--json']);
    expect(JSON.parse(problem.out)).toMatchObject({ code: 'invalid_data', status: 422 });
  });

  test('is one job under one key, and another body is a conflict', async () => {
    const first = await platform.millrace(['enqueue', 'call', 'call', '{"n":1}', '--key', 'k1']);
    const again = await platform.millrace(['enqueue', 'call', 'call', '{"n":1}', '--key', 'k1']);
    expect(again).toMatchObject({ code: 0, out: first.out });
    const other = await platform.millrace(['enqueue', 'call', 'call', '{"n":2}', '--key', 'k1', '--json']);
    expect(other.code).toBe(1);
    expect(JSON.parse(other.out)).toMatchObject({ code: 'idempotency_conflict' });
  });

  test('of a misspelt queue is answered with the right one', async () => {
    for (const args of [
      ['enqueue', 'cal', 'call'],
      ['pause', 'cal'],
      ['jobs', 'cal'],
      ['bound', 'cal'],
    ]) {
      const { code, err } = await platform.millrace(args);
      expect(code).toBe(1);
      expect(err).toMatch(/did you mean "call"/i);
    }
  });

  test('carries every option', async () => {
    const flags =
      '--priority 7 --delay 1h --attempts 3 --backoff exponential:2s --timeout 30s --dedup d1 --deadline 2h';
    const { id } = await json('enqueue', 'call', 'call', '{"n":5}', ...flags.split(' '));
    const { state, opts } = await json<{ state: string; opts: object }>('job', 'call', String(id));
    expect(state).toBe('delayed');
    expect(JSON.stringify(opts)).toMatch(/7.*3600000|3600000.*7/);
    const { jobs } = await json<{ jobs: { id: string }[] }>('jobs', 'call', '--state', 'delayed');
    expect(jobs.map((listed) => listed.id)).toContain(id);
    expect((await platform.millrace(['promote', 'call', String(id)])).out).toContain('waits no longer');
    await until(
      async () => (await api(`queues/call/jobs/${String(id)}`)).state === 'completed',
      'the job ends',
    );
    expect((await platform.millrace(['promote', 'call', String(id), '--json'])).code).toBe(1);
  });

  test('that failed for good is exit code 1, and may be tried again', async () => {
    const data = '{"url":"http://127.0.0.1:1/"}';
    const args = ['enqueue', 'http', 'http', data, '--attempts', '1', '--wait', '20s', '--json'];
    const { code, out } = await platform.millrace(args);
    expect(code).toBe(1);
    const { id, state } = JSON.parse(out);
    expect(state).toBe('failed');
    expect((await platform.millrace(['retry', 'http', id])).out).toContain('is to run again');
    expect((await platform.millrace(['job', 'http', 'nowhere'])).code).toBe(1);
  });
});

describe('a stream of jobs', () => {
  test('is as fast as the bound admits, and tells of each bad line', async () => {
    const file = join(platform.dir, 'jobs.ndjson');
    await writeFile(file, `${jobs(1, 100)}{"name": oops}\n\n${jobs(101, 100)}{"name":"nobody"}\n`);
    const { code, out, err } = await platform.millrace(['enqueue', 'workload', '--file', file]);
    expect(code).toBe(1);
    expect(out).toMatch(/^200 accepted, 0 refused, 2 bad lines, in /);
    expect(err).toMatch(/line 101: malformed/);
    expect(err).toMatch(/line 203: invalid_data/);
    expect(err).not.toMatch(/line 102/);
    const { maxDepth } = await json<{ maxDepth: number }>('queues', 'workload');
    expect(maxDepth).toBeLessThanOrEqual(50);
  });

  test('waits at a full queue, and goes on when there is room', async () => {
    await json('pause', 'workload');
    const child = platform.spawn(['enqueue', 'workload', '--file', '-', '--json']);
    const ended = endOf(child);
    child.stdin?.end(jobs(1_000, 80));
    await until(async () => (await api('queues/workload')).depth === 50, 'the queue is full');
    const status = await platform.millrace(['status']);
    expect(status.out).toMatch(/degraded\n.*Queue workload is paused/);
    await json('resume', 'workload');
    const { code, out } = await ended;
    expect(code).toBe(0);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(81);
    expect(lines.slice(0, 80).map(({ line }) => line)).toEqual(Array.from({ length: 80 }, (_, at) => at + 1));
    expect(lines[80].summary).toMatchObject({
      accepted: 80,
      refused: 0,
      badLines: 0,
      knownThrough: 80,
      error: null,
    });
  });

  test('ends with Ctrl-C between two lines, and tells what is known', async () => {
    const child = platform.spawn(['enqueue', 'workload', '--file', '-', '--json']);
    const ended = endOf(child);
    const answered = Promise.withResolvers<void>();
    let seen = 0;
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', () => {
      if (++seen === 10) answered.resolve();
    });
    child.stdin?.write(`${jobs(2_000, 10)}{"name": "half`);
    await answered.promise;
    child.kill('SIGINT');
    const { code, out } = await ended;
    expect(code).toBe(1);
    const { summary } = JSON.parse(out.trim().split('\n').at(-1) ?? '');
    expect(summary).toMatchObject({
      accepted: 10,
      linesSent: 10,
      knownThrough: 10,
      error: { code: 'interrupted' },
    });
  });
});

describe('queues', () => {
  test('are listed, bounded, paused and resumed', async () => {
    expect((await platform.millrace(['queues'])).out).toMatch(/^QUEUE .*\n(.*\n)*call /);
    expect((await platform.millrace(['bound', 'call', '2'])).out).toContain('takes up to 2 jobs from now on');
    expect((await platform.millrace(['pause', 'call'])).out).toContain('Paused call');
    await json('enqueue', 'call', 'call', '{"n":1}');
    await json('enqueue', 'call', 'call', '{"n":1}');
    const { code, err } = await platform.millrace(['enqueue', 'call', 'call', '{"n":1}']);
    expect(code).toBe(1);
    expect(err).toMatch(/Try again in \d+ s/);
    expect((await platform.millrace(['resume', 'call'])).out).toContain('Resumed call');
    expect((await platform.millrace(['bound', 'call'])).out).toMatch(/takes up to 2 jobs; it holds \d/);
    await json('bound', 'call', '10000');
  });
});

describe('workers', () => {
  test('are healthy, in a tree, and replaced when killed', async () => {
    await until(async () => (await running()).length === 2, 'both workers run');
    const status = await json('status');
    expect(status).toMatchObject({ health: 'healthy', findings: [] });
    const tree = await platform.millrace(['tree']);
    expect(tree.out).toMatch(
      /^supervisor .*\n└─ pool default .*\n +└─ .*restarts \d of \d+ in 30.0 s.*\n +├─ slot 0 /,
    );

    const [victim] = await running();
    const { code, out } = await platform.millrace(['kill', victim?.id ?? '', '--yes']);
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('Told to kill worker') });
    await until(async () => {
      const now = await running();
      return now.length === 2 && !now.some((worker) => worker.id === victim?.id);
    }, 'another took its place');
    await until(async () => {
      const { recoveries } = await api<{ recoveries: { id: string; state: string }[] }>('recoveries');
      return recoveries.some((recovery) => recovery.id === victim?.id && recovery.state === 'done');
    }, 'the recovery is over');
    expect((await platform.millrace(['recoveries'])).out).toMatch(/DIED +WORKER +POD +CAUSE/);
    expect((await platform.millrace(['status'])).out).toMatch(/● healthy/);
  });

  test('are drained, and waited for', async () => {
    const [worker] = await running();
    const { code, out } = await platform.millrace(['drain', worker?.id ?? '', '--wait', '30s']);
    expect({ code, out }).toEqual({ code: 0, out: `Drained worker ${worker?.id}.\n` });
    expect((await running()).map(({ id }) => id)).not.toContain(worker?.id);
  });

  test('that are not there are not guessed', async () => {
    const { code, err } = await platform.millrace(['kill', 'nobody', '--yes']);
    expect(code).toBe(1);
    expect(err).toMatch(/There is no worker or pod "nobody"/);
  });
});

describe('the end', () => {
  test('comes with Ctrl-C: everything is drained, and no process is left', async () => {
    const pids = [...Object.values(platform.pids), ...(await running()).map(({ pid }) => pid)];
    expect(pids.every(isAlive)).toBe(true);
    expect(await platform.stop()).toMatchObject({ code: 0 });
    expect(pids.filter(isAlive)).toEqual([]);
    const { code, err } = await platform.millrace(['status']);
    expect(code).toBe(1);
    expect(err).toContain('Nothing listens at');
  });
});
