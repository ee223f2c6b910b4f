import { systemClock } from '@millrace/core';
import { afterEach, expect, test } from 'vitest';
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
