import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type NewJob, systemClock } from '@millrace/core';
import { loadHandlers } from '@millrace/sdk';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type QueueBench, queueBench, until } from '../support/queue.ts';
import { startPod, type TestPod } from '../support/worker-pod.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const YAML = `
worker: {processes: 1, standby: 0, healthPort: 0, cpuThreads: 1}
supervision: {beatMs: 50}
`;
const TSCONFIG = {
  extends: join(ROOT, 'tsconfig.base.json'),
  compilerOptions: { noEmit: true, composite: false, declaration: false, emitDeclarationOnly: false },
};

let folder: string;
let queues: QueueBench;
let pod: TestPod;

/** The TypeScript files of docs/handlers.md: each block whose first line names one. */
async function filesOfGuide(): Promise<Map<string, string>> {
  const guide = await readFile(join(ROOT, 'docs/handlers.md'), 'utf8');
  const blocks = guide.matchAll(/^```ts\n\/\/ (\S+\.ts)\n([\s\S]*?)^```$/gm);
  return new Map([...blocks].map(([, name = '', text = '']) => [name, text]));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-guide-'));
  for (const [name, text] of await filesOfGuide()) await writeFile(join(folder, name), text);
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  // As if zod and the SDK had been installed there.
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  queues = queueBench();
  pod = await startPod(YAML, { prefix: queues.prefix, handlers: folder });
});
afterAll(async () => {
  await pod?.close();
  await queues?.close();
  await rm(folder, { recursive: true });
});

/** Adds a job with its handler's retry policy, as the producer does, and returns it when it has ended. */
async function ended(queue: string, name: string, data: unknown, opts: NewJob['opts'] = {}) {
  const store = await queues.store('patient');
  const retry = (await loadHandlers(folder)).get(queue, name)?.retry;
  const policy = retry && {
    attempts: retry.attempts,
    backoff: { type: retry.backoff, delayMs: retry.baseMs, jitter: retry.jitter },
  };
  const added = await store.queue(queue).add([{ name, data: data as never, opts: { ...policy, ...opts } }]);
  if (added.kind !== 'accepted') throw new Error(added.kind);
  const id = added.ids[0] as string;
  const view = () => store.queue(queue).job(id);
  await until(async () => /completed|failed/.test((await view())?.state ?? ''), `${queue}/${id} ends`);
  return view();
}

describe('the guide to handlers', () => {
  it('has files that compile', async () => {
    const tsc = join(ROOT, 'node_modules/.bin/tsc');
    const { stdout } = await run(process.execPath, [tsc, '-p', folder]).catch((error) => error);
    expect(stdout).toBe('');
  });

  it('has files that load, and a test among them that passes', async () => {
    expect((await loadHandlers(folder)).queues).toEqual(['greetings', 'numbers', 'orders', 'reports']);
    await run(process.execPath, ['--test', join(folder, 'greet.test.ts')], {
      env: { PATH: process.env.PATH },
    });
  });

  it('runs in every lane that it shows', async () => {
    expect(await ended('greetings', 'greet', 'you')).toMatchObject({ result: { greeting: 'Hello, "you"' } });
    expect(await ended('reports', 'average', [1, 2, 6])).toMatchObject({ result: { average: 3 } });
    const primes = await ended('numbers', 'primes', { below: 300_000 });
    expect(primes).toMatchObject({ result: { primes: 25_997 }, progress: expect.any(Number) });
    const lines = await queues.redis.lrange(`${queues.prefix}:numbers:${primes?.id}:logs`, 0, -1);
    expect(lines).toEqual(['found 25997']);
  });

  it('completes with a value', async () => {
    const job = await ended('orders', 'ship', { stock: 'there' });
    expect(job).toMatchObject({ state: 'completed', result: { shipped: true }, attemptsMade: 1 });
  });

  it('retries what was thrown until its attempts are spent', async () => {
    const job = await ended('orders', 'ship', { stock: 'unclear' });
    const error = 'the warehouse does not answer';
    expect(job).toMatchObject({ state: 'failed', error, attemptsMade: 3, attemptsStarted: 3 });
  });

  it('lets the job’s own attempts go before its handler’s', async () => {
    const job = await ended('orders', 'ship', { stock: 'unclear' }, { attempts: 2 });
    expect(job).toMatchObject({ state: 'failed', attemptsMade: 2 });
  });

  it('fails for good, or is cancelled, with attempts left', async () => {
    const lost = await ended('orders', 'ship', { stock: 'lost' });
    expect(lost).toMatchObject({ state: 'failed', error: 'no such order', attemptsMade: 1 });
    const never = await ended('orders', 'ship', { stock: 'never' });
    expect(never).toMatchObject({ state: 'failed', error: 'cancelled: sold out', attemptsMade: 1 });
  });

  it('snoozes without counting an attempt; the fence rises with every start', async () => {
    const job = await ended('orders', 'ship', { stock: 'later' });
    expect(job).toMatchObject({ state: 'completed', attemptsMade: 1, attemptsStarted: 3 });
  });

  it('checks what a stock client adds, and gives it the client’s attempts', async () => {
    const { host, port } = queues.redis.options;
    const stock = new Queue('orders', { prefix: queues.prefix, connection: { host, port } });
    try {
      const bad = await stock.add('ship', { stock: 'maybe' }, { attempts: 5 });
      const unclear = await stock.add('ship', { stock: 'unclear' });
      for (const job of [bad, unclear]) {
        await until(async () => (await job.getState()) === 'failed', 'it fails');
      }
      const seen = await Promise.all([bad, unclear].map(({ id }) => stock.getJob(id as string)));
      expect(seen.map((job) => job?.attemptsMade)).toEqual([1, 1]);
      expect(seen[0]?.failedReason).toContain('/stock');
    } finally {
      await stock.close();
    }
  });
});

it('knows the time: the fixed backoff of 10 ms is waited for, not skipped', async () => {
  const startedMs = systemClock.monotonicMs();
  await ended('orders', 'ship', { stock: 'unclear' });
  expect(systemClock.monotonicMs() - startedMs).toBeGreaterThanOrEqual(20);
});
