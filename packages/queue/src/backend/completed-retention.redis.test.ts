import { afterEach, expect, test } from 'vitest';
import { type CompletionBench, completionBench, ok } from '../../../../tests/support/completions.ts';
import { until } from '../../../../tests/support/queue.ts';

let at: CompletionBench;
afterEach(() => at.close());

/** Adds and completes `n` jobs; how many are still there. */
const all = async (n: number) => {
  await at.ids(n);
  let ran = 0;
  const consumer = at.bench.consumer({
    run: async ({ log }) => {
      await log('a line');
      ran++;
      return ok();
    },
  });
  await consumer.start();
  await until(async () => ran === n && (await at.stock.getActiveCount()) === 0, 'all are done');
  await consumer.stop();
  const left = await at.bench.redis.keys(`${at.bench.prefix}:work:[0-9]*`);
  return left.filter((key) => !key.endsWith(':logs')).length;
};

test('completed jobs are kept as many as told, with nothing left of the others', async () => {
  at = await completionBench('retention: { completedCount: 5 }');
  expect(await all(40)).toBe(5);
  expect(await at.bench.redis.keys(`${at.bench.prefix}:work:*:logs`)).toHaveLength(5);
  expect(await at.stock.getCompletedCount()).toBe(5);
});

test('completed jobs are kept as long as told, also while there are as many as told', async () => {
  at = await completionBench('retention: { completedCount: 10, completedAgeMs: 3600000 }');
  await all(10);
  const { completed } = at.keys;
  const old = await at.bench.redis.zrange(completed, 0, 7);
  for (const id of old) await at.bench.redis.zadd(completed, 1, id);
  await all(1);
  expect(await at.bench.redis.zcard(completed)).toBe(3);
});

test('many that are too many by now go a part at a time', async () => {
  at = await completionBench('retention: { completedCount: 5 }');
  const { completed } = at.keys;
  await at.bench.redis.zadd(completed, ...Array.from({ length: 600 }, (_, i) => [i, `old${i}`]).flat());
  await all(1);
  expect(await at.bench.redis.zcard(completed)).toBe(345);
});

test('none, if none is to be kept', async () => {
  at = await completionBench('retention: { completedCount: 0 }');
  expect(await all(10)).toBe(0);
});
