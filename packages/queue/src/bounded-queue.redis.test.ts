import { Queue } from 'bullmq';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { gate, jobs, type QueueBench, queueBench, until } from '../../../tests/support/queue.ts';
import { SCRIPTS } from './backend/compose.ts';
import { clientBackends } from './backend/factory.ts';

let bench: QueueBench;
beforeEach(() => {
  bench = queueBench('queue: {bound: 20, maxBytes: 10000}');
});
afterEach(() => bench.close());

describe('the bound', () => {
  test('holds for singles and bulks of many producers at once, and every accepted id exists', async () => {
    const stores = [await bench.store(), await bench.store(), await bench.store()];
    const sizes =
      fc.sample(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 120, maxLength: 120 }), 1)[0] ?? [];
    const consumer = bench.consumer({ concurrency: 3 });
    await consumer.start();
    const results = await Promise.all(
      sizes.map((n, i) => stores[i % stores.length]?.queue('work').add(jobs(n, { i }))),
    );
    const accepted = results.filter((result) => result?.kind === 'accepted');
    const refused = results.filter((result) => result?.kind === 'refused');
    expect(accepted.length + refused.length).toBe(sizes.length);
    expect(refused.length).toBeGreaterThan(0);
    for (const result of accepted) expect(result.depth).toBeLessThanOrEqual(20);
    const ids = accepted.flatMap((result) => result.ids);
    expect(new Set(ids).size).toBe(ids.length);
    const queue = stores[0]?.queue('work');
    await until(
      async () => (await queue?.snapshot())?.counts.completed === ids.length,
      'all accepted jobs ran',
    );
    expect((await queue?.snapshot())?.maxDepth).toBeLessThanOrEqual(20);
  });

  test('counts delayed and prioritized jobs, and refuses a bulk whole', async () => {
    const queue = (await bench.store()).queue('work');
    await queue.add([
      ...jobs(10),
      ...jobs(5).map((job) => ({ ...job, opts: { delayMs: 60_000 } })),
      ...jobs(4).map((job) => ({ ...job, opts: { priority: 2 } })),
    ]);
    expect(await queue.add(jobs(2))).toMatchObject({ kind: 'refused', reason: 'jobs', depth: 19, bound: 20 });
    expect((await queue.snapshot()).depth).toBe(19);
    expect(await queue.add(jobs(1))).toMatchObject({ kind: 'accepted', depth: 20 });
  });

  test('counts bytes, exactly, and frees them when jobs are taken or removed', async () => {
    const queue = (await bench.store()).queue('work');
    const large = 'x'.repeat(3_000);
    const added = await queue.add(jobs(3, large));
    expect((await queue.snapshot()).bytes).toBe(3 * 3_002);
    expect(await queue.add(jobs(1, large))).toMatchObject({ kind: 'refused', reason: 'bytes', bytes: 9_006 });
    expect(await queue.add(jobs(1, 'x'.repeat(20_000)))).toMatchObject({
      kind: 'exceeds_bound',
      maxBytes: 10_000,
    });
    if (added.kind === 'accepted') await queue.remove(added.ids[0] as string);
    expect((await queue.snapshot()).bytes).toBe(2 * 3_002);
    await bench.consumer().start();
    await until(async () => (await queue.snapshot()).bytes === 0, 'the rest is taken');
  });

  test('heals its byte count after a stock client removed jobs', async () => {
    const queue = (await bench.store()).queue('work');
    await queue.add(jobs(6, 'x'.repeat(500)));
    const stock = new Queue('work', { connection: bench.redis, prefix: bench.prefix });
    await stock.drain();
    await until(async () => (await queue.snapshot()).bytes === 0, 'the count is mended', 5_000);
    await stock.close();
  });

  test('a bulk larger than the bound can never fit', async () => {
    const queue = (await bench.store()).queue('work');
    expect(await queue.add(jobs(21))).toEqual({ kind: 'exceeds_bound', bound: 20, maxBytes: 10_000 });
  });

  test('can be changed while it runs, which resets the high-water mark', async () => {
    const queue = (await bench.store()).queue('work');
    await queue.add(jobs(12));
    await queue.setBound(12);
    expect(await queue.snapshot()).toMatchObject({ bound: 12, maxDepth: 0 });
    expect(await queue.add(jobs(1))).toMatchObject({ kind: 'refused', bound: 12 });
  });

  test('takes a bulk of ten thousand in one go', async () => {
    const queue = (await bench.store()).queue('work');
    await queue.setBound(10_000);
    const added = await queue.add(jobs(10_000, 1), { key: 'large', bodyHash: 'h' });
    expect(added.kind === 'accepted' && added.ids.length).toBe(10_000);
    const again = await queue.add(jobs(10_000, 1), { key: 'large', bodyHash: 'h' });
    expect(again).toMatchObject({ kind: 'accepted', replayed: true });
  });
});

describe('a refusal', () => {
  test('says 60 s while nothing drains', async () => {
    const queue = (await bench.store()).queue('work');
    await queue.add(jobs(20));
    expect(await queue.add(jobs(1))).toMatchObject({
      kind: 'refused',
      retryAfterMs: 60_000,
      drainPerSecond: 0,
    });
  });

  test('says 60 s while paused, whatever the drain was', async () => {
    const queue = (await bench.store()).queue('work');
    const hold = gate();
    await queue.add(jobs(20));
    await bench.consumer({ run: hold.run, concurrency: 2 }).start();
    await until(() => hold.started.size === 2, 'two run');
    await queue.pause();
    await queue.add(jobs(2));
    expect(await queue.add(jobs(1))).toMatchObject({ kind: 'refused', retryAfterMs: 60_000 });
    hold.finishAll();
  });
});

describe('idempotency', () => {
  test('replays the first answer, also while the queue is full, and refuses another body', async () => {
    const queue = (await bench.store()).queue('work');
    const first = await queue.add(jobs(20), { key: 'k', bodyHash: 'a' });
    expect(await queue.add(jobs(20), { key: 'k', bodyHash: 'a' })).toMatchObject({
      kind: 'accepted',
      replayed: true,
      ids: first.kind === 'accepted' ? first.ids : [],
    });
    expect(await queue.add(jobs(1), { key: 'k', bodyHash: 'b' })).toEqual({ kind: 'conflict' });
    expect((await queue.snapshot()).depth).toBe(20);
  });

  test('a refused add leaves no trace of its key', async () => {
    const queue = (await bench.store()).queue('work');
    await queue.add(jobs(20));
    expect(await queue.add(jobs(1), { key: 'k', bodyHash: 'a' })).toMatchObject({ kind: 'refused' });
    await queue.setBound(30);
    expect(await queue.add(jobs(1), { key: 'k', bodyHash: 'a' })).toMatchObject({
      kind: 'accepted',
      replayed: false,
    });
  });

  test.each([{ opts: {} }, { opts: { delayMs: 60_000 } }, { opts: { priority: 2 } }])(
    'a deduplicated job takes no second place, whatever its options: $opts',
    async ({ opts }) => {
      const queue = (await bench.store()).queue('work');
      const one = jobs(1).map((job) => ({ ...job, opts: { ...opts, deduplicationId: 'd' } }));
      const first = await queue.add(one);
      const second = await queue.add(one);
      expect(first.kind === 'accepted' && second.kind === 'accepted' && second.ids).toEqual(
        first.kind === 'accepted' ? first.ids : [],
      );
      expect(await queue.snapshot()).toMatchObject({ depth: 1, bytes: 2 });
    },
  );
});

describe('beside stock BullMQ', () => {
  test('a stock Queue reads our counts, jobs and states', async () => {
    const queue = (await bench.store()).queue('work');
    await queue.add([
      ...jobs(3, { n: 1 }),
      ...jobs(1).map((job) => ({ ...job, opts: { delayMs: 60_000 } })),
      ...jobs(2).map((job) => ({ ...job, opts: { priority: 1, attempts: 4 } })),
    ]);
    const stock = new Queue('work', { connection: bench.redis, prefix: bench.prefix });
    expect(await stock.getJobCounts('waiting', 'delayed', 'prioritized')).toEqual({
      waiting: 3,
      delayed: 1,
      prioritized: 2,
    });
    const [job] = await stock.getJobs(['waiting']);
    expect(job?.data).toEqual({ n: 1 });
    expect(await job?.getState()).toBe('waiting');
    await stock.close();
  });

  test('a job of a stock Queue.add is run by our consumer, and its end is seen by the stock client', async () => {
    const stock = new Queue('work', { connection: bench.redis, prefix: bench.prefix });
    const job = await stock.add('job', { n: 7 });
    await bench.consumer({ run: async (taken) => ({ kind: 'ok', value: taken.data }) }).start();
    await until(async () => (await job.getState()) === 'completed', 'it is completed');
    expect((await stock.getJob(job.id as string))?.returnvalue).toEqual({ n: 7 });
    expect((await stock.getWorkers()).length).toBe(1);
    await stock.close();
  });
});

describe('an obliterated queue', () => {
  test('leaves nothing behind but the record of the dead', async () => {
    const store = await bench.store();
    const queue = store.queue('work');
    await queue.add(jobs(3), { key: 'k', bodyHash: 'h' });
    await queue.registerReader('r');
    await store.supervision.fence('work', 'pod.dead');
    for (const { command, lua, numberOfKeys } of SCRIPTS.guards.values()) {
      bench.redis.defineCommand(command, { lua, numberOfKeys });
    }
    const backend = clientBackends(bench.redis)('work', {
      connection: bench.redis,
      prefix: bench.prefix,
    } as never);
    await backend.pause(true);
    while ((await backend.obliterate({ force: true, count: 1_000 })) !== 0);
    expect(await bench.redis.keys(`${bench.prefix}:work:*`)).toEqual([
      `${bench.prefix}:work:millrace:fenced`,
    ]);
  });
});

describe('operations', () => {
  test('retry, promote, remove and pages of jobs', async () => {
    const queue = (await bench.store()).queue('work');
    await bench
      .consumer({ run: async () => ({ kind: 'fail', error: new Error('always'), retry: false }) })
      .start();
    const added = await queue.add([
      ...jobs(2),
      ...jobs(1).map((job) => ({ ...job, opts: { delayMs: 60_000 } })),
    ]);
    const [first, second, delayed] = added.kind === 'accepted' ? added.ids : [];
    await until(async () => (await queue.snapshot()).counts.failed === 2, 'two failed');
    expect((await queue.job(first as string))?.error).toBe('always');
    expect((await queue.jobs('failed', null, 1)).cursor).toBe('1');
    expect((await queue.jobs('failed', '1', 5)).jobs).toHaveLength(1);
    await expect(queue.promote(first as string)).rejects.toMatchObject({ code: 'wrong_state' });
    expect(await queue.promote(delayed as string)).toBe(true);
    await until(async () => (await queue.snapshot()).counts.failed === 3, 'the promoted one ran');
    expect(await queue.retry(second as string)).toBe(true);
    await until(
      async () => (await queue.job(second as string))?.attemptsStarted === 2,
      'the retried one ran',
    );
    expect(await queue.remove(first as string)).toBe(true);
    expect(await queue.remove(first as string)).toBe(false);
    expect(await queue.job(first as string)).toBeNull();
    expect(await queue.retry('nope')).toBe(false);
  });

  test('a limit on jobs at once over all workers holds, and lifting it wakes them', async () => {
    const queue = (await bench.store()).queue('work');
    const hold = gate();
    await queue.setConcurrency(1);
    await queue.add(jobs(4));
    await bench.consumer({ run: hold.run, concurrency: 4 }).start();
    await until(() => hold.started.size === 1, 'one runs');
    expect(await queue.snapshot()).toMatchObject({ concurrency: 1, counts: { active: 1, waiting: 3 } });
    await queue.setConcurrency(null);
    await until(() => hold.started.size === 4, 'all run', 6_000);
    hold.finishAll();
  });
});
