import { type Outcome, systemClock } from '@millrace/core';
import { afterEach, expect, test } from 'vitest';
import { killed } from '../../../../tests/support/deaths.ts';
import { gate, jobs, type QueueBench, queueBench, until } from '../../../../tests/support/queue.ts';

const LOCK_MS = 6_000;
let bench: QueueBench | undefined;

afterEach(() => bench?.close());

test('a lock always has so much left that it outlives an event loop that blocks for most of its life', async () => {
  bench = queueBench(`worker: {lockMs: ${LOCK_MS}}`);
  const { redis, prefix } = bench;
  const store = await bench.store();
  const held = gate();
  await bench.consumer({ run: held.run }).start();
  await store.queue('work').add(jobs(1));
  await until(() => held.started.size === 1, 'it runs');
  const [id] = held.started.keys();
  let leastMs = LOCK_MS;
  const endMs = systemClock.monotonicMs() + LOCK_MS;
  while (systemClock.monotonicMs() < endMs) {
    leastMs = Math.min(leastMs, await redis.pttl(`${prefix}:work:${id}:lock`));
    await systemClock.sleep(10);
  }
  // Five sixths but for the turns of the timers; BullMQ's own timing leaves a half.
  expect(leastMs).toBeGreaterThan(LOCK_MS * 0.7);
  held.finishAll();
});

test('a lock that the store does not renew, since it is another’s, is counted', async () => {
  bench = queueBench('worker: {lockMs: 1500}');
  const { redis, prefix } = bench;
  const store = await bench.store();
  const held = gate();
  const consumer = bench.consumer({ run: held.run });
  await consumer.start();
  await store.queue('work').add(jobs(1));
  await until(() => held.started.size === 1, 'it runs');
  const [id] = held.started.keys();
  expect(consumer.activity().lockRenewalFailed).toBe(0);
  await redis.set(`${prefix}:work:${id}:lock`, 'strangers', 'PX', 60_000);
  await until(() => consumer.activity().lockRenewalFailed > 0, 'it is counted');
  held.finishAll();
});

const RETAKEN_LOCK_MS = 2_000;

test.each<Outcome>([killed(), { kind: 'returned', reason: 'no room' }])(
  'a job that was $kind and is taken again by its own worker keeps its lock',
  async (outcome) => {
    bench = queueBench(`worker: {lockMs: ${RETAKEN_LOCK_MS}}`);
    const { redis, prefix } = bench;
    const store = await bench.store();
    const held = gate();
    await bench
      .consumer({ run: async (job, signal) => (job.fence === 1 ? outcome : held.run(job, signal)) })
      .start();
    await store.queue('work').add(jobs(1));
    await until(() => held.started.size === 1, 'it runs again');
    const [[id, second] = []] = [...held.started];
    const endMs = systemClock.monotonicMs() + 2 * RETAKEN_LOCK_MS;
    while (systemClock.monotonicMs() < endMs) {
      expect(await redis.pttl(`${prefix}:work:${id}:lock`)).toBeGreaterThan(0);
      await systemClock.sleep(10);
    }
    expect(second?.signal.aborted).toBe(false);
    expect(await redis.hget(`${prefix}:work:${id}`, 'ats')).toBe('2');
    held.finishAll();
  },
);
