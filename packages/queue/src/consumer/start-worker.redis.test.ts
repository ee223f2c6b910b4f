import { afterEach, beforeEach, expect, test } from 'vitest';
import { jobs, type QueueBench, queueBench, until } from '../../../../tests/support/queue.ts';

let bench: QueueBench;
beforeEach(() => {
  bench = queueBench();
});
afterEach(() => bench.close());

test('a job starts when it is taken, not when the last of many is', async () => {
  const store = await bench.store('patient');
  await store.queue('work').add(jobs(40));
  const waitingAtStart: Promise<number>[] = [];
  await bench
    .consumer({
      concurrency: 40,
      run: async () => {
        waitingAtStart.push(bench.redis.llen(`${bench.prefix}:work:wait`));
        return { kind: 'ok', value: null };
      },
    })
    .start();
  await until(() => waitingAtStart.length === 40, 'all ran');
  expect(await waitingAtStart[0]).toBeGreaterThan(20);
});
