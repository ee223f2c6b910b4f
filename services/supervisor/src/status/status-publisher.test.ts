import { type ClusterStatus, ManualClock, silentLog } from '@millrace/core';
import type { Board } from '@millrace/queue';
import { expect, test } from 'vitest';
import { createStatusPublisher } from './status-publisher.ts';

const picture = { pods: [], workers: [] } as unknown as ClusterStatus;

function publisher(connected = true) {
  const clock = new ManualClock();
  const times: number[] = [];
  const store = {
    connected,
    board: {
      publishStatus: async () => {
        times.push(clock.nowMs());
        if (times.length === 1) throw new Error('the first one fails');
      },
    } as unknown as Board,
  };
  const made = createStatusPublisher(store, () => picture, clock, silentLog);
  /** Lets time pass in small steps, and what hangs on it happen. */
  const pass = async (ms: number) => {
    for (let step = 0; step < ms; step += 50) {
      clock.advance(50);
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    }
  };
  return { ...made, clock, times, pass, store };
}

test('publishes every second without news, also after a failure', async () => {
  const { start, stop, times, pass } = publisher();
  start();
  await pass(5_000);
  stop();
  expect(times.length).toBeGreaterThanOrEqual(5);
  expect(Math.max(...times.slice(1).map((t, i) => t - (times[i] ?? 0)))).toBeLessThanOrEqual(2_000);
});

test('tells a change soon, and a storm of changes five times a second at most', async () => {
  const { start, stop, changed, times, pass } = publisher();
  start();
  await pass(250);
  const before = times.length;
  for (let i = 0; i < 100; i++) {
    changed();
    await pass(50);
  }
  stop();
  expect(times.length - before).toBeGreaterThanOrEqual(20);
  expect(times.length - before).toBeLessThanOrEqual(26);
});

test('writes nothing while the store is away, and goes on when it is back', async () => {
  const { start, stop, times, pass, store } = publisher(false);
  start();
  await pass(3_000);
  expect(times).toEqual([]);
  store.connected = true;
  await pass(1_500);
  stop();
  expect(times.length).toBeGreaterThan(0);
});
