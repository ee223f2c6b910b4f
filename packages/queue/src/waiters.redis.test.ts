import { afterEach, beforeEach, expect, test } from 'vitest';
import { gate, jobs, type QueueBench, queueBench, until } from '../../../tests/support/queue.ts';
import type { BoundedQueue } from './types/queue.ts';
import type { OutcomeWaiters } from './types/waiters.ts';

let bench: QueueBench;
let queue: BoundedQueue;
let waiters: OutcomeWaiters;
beforeEach(async () => {
  bench = queueBench();
  const store = await bench.store();
  queue = store.queue('work');
  waiters = store.waiters();
  await waiters.start();
  await waiters.watch('work');
});
afterEach(async () => {
  await waiters.stop();
  await bench.close();
});

async function one(data: unknown = {}): Promise<string> {
  const added = await queue.add(jobs(1, data));
  return added.kind === 'accepted' ? (added.ids[0] as string) : '';
}

test('tells the result, and the error of a final failure', async () => {
  await bench
    .consumer({
      run: async (job) =>
        job.data === 'bad'
          ? { kind: 'fail', error: new Error('never works'), retry: false }
          : { kind: 'ok', value: { sum: 6 } },
    })
    .start();
  const [good, bad] = [await one('good'), await one('bad')];
  const within = AbortSignal.timeout(5_000);
  expect(await waiters.wait('work', good, within)).toEqual({
    state: 'completed',
    result: { sum: 6 },
    error: null,
  });
  expect(await waiters.wait('work', bad, within)).toEqual({
    state: 'failed',
    result: null,
    error: 'never works',
  });
});

test('tells an outcome that came before anybody waited for it', async () => {
  await bench.consumer().start();
  const id = await one();
  await until(async () => (await queue.job(id))?.state === 'completed', 'it has ended');
  expect(await waiters.wait('work', id, AbortSignal.timeout(2_000))).toMatchObject({ state: 'completed' });
});

test('ends with null when the caller’s patience does, and leaves nothing behind', async () => {
  const id = await one();
  const patience = new AbortController();
  const waiting = waiters.wait('work', id, patience.signal);
  expect(waiters.size).toBe(1);
  patience.abort();
  expect(await waiting).toBeNull();
  expect(waiters.size).toBe(0);
});

test('reads the job again when the stream was trimmed past the place it stood at', async () => {
  const hold = gate();
  await bench.consumer({ run: hold.run }).start();
  const id = await one();
  await until(() => hold.started.has(id), 'it runs');
  const waiting = waiters.wait('work', id, AbortSignal.timeout(10_000));
  const events = `${bench.prefix}:work:events`;
  await bench.redis.client('PAUSE', 300);
  hold.finishAll({ kind: 'ok', value: 'seen' });
  await until(async () => (await queue.job(id))?.state === 'completed', 'it has ended');
  await bench.redis.multi().del(events).xadd(events, '*', 'event', 'other', 'jobId', 'x').exec();
  expect(await waiting).toMatchObject({ state: 'completed', result: 'seen' });
});

test('answers all who wait when it stops', async () => {
  const id = await one();
  const waiting = waiters.wait('work', id, AbortSignal.timeout(10_000));
  await waiters.stop();
  expect(await waiting).toBeNull();
});
