import { type Outcome, systemClock } from '@millrace/core';
import { Queue, Worker } from 'bullmq';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { killed } from '../../../../tests/support/deaths.ts';
import { gate, jobs, type QueueBench, queueBench, until } from '../../../../tests/support/queue.ts';
import type { TakenJob } from '../types/consumer.ts';
import type { BoundedQueue } from '../types/queue.ts';

let bench: QueueBench;
let queue: BoundedQueue;
beforeEach(async () => {
  bench = queueBench('queue: {bound: 20}');
  queue = (await bench.store()).queue('work');
});
afterEach(() => bench.close());

const fails = (retry: boolean) => async (): Promise<Outcome> => ({
  kind: 'fail',
  error: new Error('broken'),
  retry,
});

async function add(n: number, opts: object = {}, data: unknown = {}): Promise<string[]> {
  const added = await queue.add(jobs(n, data).map((job) => ({ ...job, opts })));
  return added.kind === 'accepted' ? [...added.ids] : [];
}

/** Adds jobs that all fail for good; their ids. */
async function dead(n: number, run = fails(false), opts: object = {}, data: unknown = {}) {
  const ids = await add(n, opts, data);
  const consumer = bench.consumer({ run, concurrency: 1 });
  const before = (await queue.snapshot()).counts.failed;
  await consumer.start();
  await until(async () => (await queue.snapshot()).counts.failed === before + n, 'all are dead');
  await consumer.stop();
  return ids;
}

describe('a dead letter', () => {
  test('says why: the handler’s word, or no attempt left', async () => {
    const [final] = await dead(1, fails(false), { attempts: 3 });
    const [lone] = await dead(1, fails(false));
    const [spent] = await dead(1, fails(true), { attempts: 2 });
    const [cancelled] = await dead(1, async () => ({ kind: 'cancel', reason: 'not wanted' }));
    const reasons = [final, lone, spent, cancelled].map(
      async (id) => (await queue.deadLetter(id as string))?.reason,
    );
    expect(await Promise.all(reasons)).toEqual(['final', 'final', 'attempts', 'final']);
    expect(await queue.deadLetter(spent as string)).toMatchObject({
      ...{ queue: 'work', name: 'job', data: {}, error: 'broken', attemptsMade: 2 },
      ...{ kills: [], lineage: [], replayedAs: null },
    });
  });

  test('of a stock worker is judged by the attempts that were left', async () => {
    const stock = new Queue('work', { connection: bench.redis, prefix: bench.prefix });
    const job = await stock.add('job', {}, { attempts: 2 });
    const worker = new Worker(
      'work',
      async () => {
        throw new Error('stock');
      },
      { connection: bench.redis.duplicate(), prefix: bench.prefix },
    );
    await until(async () => (await job.getState()) === 'failed', 'it is dead');
    expect(await queue.deadLetter(job.id as string)).toMatchObject({ reason: 'attempts', error: 'stock' });
    await worker.close();
    await stock.close();
  });

  test('is none while it waits, runs, or is unknown', async () => {
    const [id] = await add(1);
    expect(await queue.deadLetter(id as string)).toBeNull();
    expect(await queue.deadLetter('nope')).toBeNull();
    expect(await queue.replay(id as string)).toEqual({ kind: 'none' });
    expect(await queue.replay('nope')).toEqual({ kind: 'none' });
    expect(await queue.discard(id as string)).toBe(false);
    expect((await queue.snapshot()).depth).toBe(1);
  });

  test('is listed newest first, and no page repeats or misses one that stays while others go and come', async () => {
    const ids = (await dead(6)).reverse();
    const first = await queue.deadLetters(null, 2);
    expect(first.letters.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    const [newer] = await dead(1);
    const second = await queue.deadLetters(first.cursor, 2);
    expect(second.letters.map(({ id }) => id)).toEqual(ids.slice(2, 4));
    await queue.discard(ids[3] as string);
    const third = await queue.deadLetters(second.cursor, 10);
    expect(third.letters.map(({ id }) => id).filter((id) => !ids.slice(0, 4).includes(id))).toEqual(
      ids.slice(4),
    );
    expect(third.cursor).toBeNull();
    expect((await queue.deadLetters(null, 1)).letters[0]?.id).toBe(newer);
  });

  test('is discarded for good, once', async () => {
    const [id] = await dead(1);
    expect(await queue.discard(id as string)).toBe(true);
    expect(await queue.discard(id as string)).toBe(false);
    expect(await queue.job(id as string)).toBeNull();
  });
});

describe('a replay', () => {
  test('copies name, data and options but no delay and no deadline, and both name each other', async () => {
    const data = { large: 9_007_199_254_740_991, text: 'é' };
    const opts = {
      ...{ attempts: 2, priority: 3, timeoutMs: 9, backoff: { type: 'fixed', delayMs: 1 } },
      ...{ deadline: new Date(systemClock.nowMs() + 60_000).toISOString(), delayMs: 1 },
    };
    const [id] = (await dead(1, fails(false), opts, data)) as [string];
    const result = await queue.replay(id);
    expect(result).toMatchObject({ kind: 'added', replayed: true });
    const copy = result.kind === 'added' ? result.jobId : '';
    const job = await queue.job(copy);
    expect(job).toMatchObject({ state: 'prioritized', name: 'job', data });
    const { delayMs: _, deadline: __, ...kept } = opts;
    expect(job?.opts).toMatchObject(kept);
    expect(Object.keys(job?.opts ?? {}).sort()).toEqual(Object.keys(kept).sort());
    expect(await queue.deadLetter(id)).toMatchObject({ replayedAs: copy });
    const consumer = bench.consumer({ run: fails(false) });
    await consumer.start();
    await until(async () => (await queue.deadLetter(copy)) !== null, 'the copy dies as well');
    expect(await queue.deadLetter(copy)).toMatchObject({ lineage: [id] });
    const again = await queue.replay(copy);
    await until(async () => (await queue.snapshot()).counts.failed === 3, 'and its copy');
    expect(await queue.deadLetter(again.kind === 'added' ? again.jobId : '')).toMatchObject({
      lineage: [id, copy],
    });
  });

  test('twice is once: one after the other, at once, from two processes, and long afterwards', async () => {
    const [id] = (await dead(1)) as [string];
    const other = (await bench.store()).queue('work');
    const results = await Promise.all([queue, other, queue, other].map((one) => one.replay(id)));
    const added = results.filter((result) => result.kind === 'added');
    expect(new Set(added.map(({ jobId }) => jobId)).size).toBe(1);
    expect(added.filter(({ replayed }) => replayed)).toHaveLength(1);
    // What an idempotency key is remembered for does not matter: the dead letter itself tells.
    await bench.redis.del(
      `${bench.prefix}:work:millrace:idempotency`,
      `${bench.prefix}:work:millrace:idempotency-age`,
    );
    expect(await queue.replay(id)).toMatchObject({ jobId: added[0]?.jobId, replayed: false });
    expect((await queue.snapshot()).depth).toBe(1);
  });

  test('is refused like any add, and leaves the letter as it was', async () => {
    const [id] = (await dead(1)) as [string];
    await add(20);
    expect(await queue.replay(id)).toMatchObject({ kind: 'refused', reason: 'jobs', bound: 20 });
    expect(await queue.deadLetter(id)).toMatchObject({ replayedAs: null });
    await queue.setBound(30);
    expect(await queue.replay(id)).toMatchObject({ kind: 'added', replayed: true });
    expect((await queue.snapshot()).depth).toBe(21);
  });

  test('of poison runs alone', async () => {
    const [id] = (await dead(1, async () => killed())) as [string];
    await queue.replay(id);
    const seen: TakenJob[] = [];
    const hold = gate();
    await bench
      .consumer({
        run: (job, signal) => {
          seen.push(job);
          return hold.run(job, signal);
        },
      })
      .start();
    await until(() => seen.length === 1, 'it runs');
    expect(seen[0]?.suspect).toBe(true);
    hold.finishAll();
  });

  test('may follow a retry of the same letter: that was another death', async () => {
    const [id] = (await dead(1)) as [string];
    const first = await queue.replay(id);
    expect(await queue.retry(id)).toBe(true);
    expect(await queue.replay(id)).toEqual({ kind: 'none' });
    const consumer = bench.consumer({ run: fails(false) });
    await consumer.start();
    await until(async () => (await queue.snapshot()).counts.failed === 2, 'both died');
    await consumer.stop();
    const second = await queue.replay(id);
    expect(second).toMatchObject({ kind: 'added', replayed: true });
    expect(second.kind === 'added' && first.kind === 'added' && second.jobId !== first.jobId).toBe(true);
  });
});
