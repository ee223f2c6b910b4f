import { type Outcome, systemClock } from '@millrace/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { gate, jobs, type QueueBench, queueBench, until } from '../../../tests/support/queue.ts';
import type { BoundedQueue } from './types/queue.ts';
import type { Store } from './types/store.ts';

let bench: QueueBench;
let store: Store;
let queue: BoundedQueue;
beforeEach(async () => {
  bench = queueBench();
  store = await bench.store('patient');
  queue = store.queue('work');
  await store.board.addQueueName('work');
});
afterEach(() => bench.close());

const add = (count: number, opts: object) =>
  queue.add(Array.from({ length: count }, () => ({ name: 'x', data: {}, opts })));

describe('what a queue asks for', () => {
  test('nothing, of a queue that has never run a job', async () => {
    expect(await queue.demand(5_000)).toEqual({
      ...{ queue: 'work', waiting: 0, delayedDue: 0, active: 0, paused: false, concurrency: null },
      serviceMs: null,
    });
  });

  test('counts what waits in any order, and of the delayed those that are due soon', async () => {
    await queue.add(jobs(3));
    await add(2, { priority: 5 });
    await add(4, { delayMs: 60_000 });
    await add(1, { delayMs: 3_000 });
    await queue.setConcurrency(7);
    expect(await queue.demand(5_000)).toMatchObject({ waiting: 5, delayedDue: 1, concurrency: 7 });
    expect(await queue.demand(0)).toMatchObject({ delayedDue: 0 });
    expect(await queue.demand(70_000)).toMatchObject({ delayedDue: 5 });
  });

  test('counts what runs, and knows how long jobs took', async () => {
    const hold = gate();
    await bench.consumer({ run: hold.run, concurrency: 2 }).start();
    await queue.add(jobs(3));
    await until(() => hold.started.size === 2, 'two run');
    expect(await queue.demand(0)).toMatchObject({ waiting: 1, active: 2, serviceMs: null });
    // The wait is what is measured: how long a job took.
    await systemClock.sleep(60);
    const done: Outcome = { kind: 'ok', value: null };
    hold.finishAll(done);
    await until(async () => (await queue.snapshot()).counts.completed >= 2, 'two are done');
    const { serviceMs } = await queue.demand(0);
    expect(serviceMs).toBeGreaterThanOrEqual(50);
  });

  test('a person’s pause shows; a circuit is none, since somebody is to try', async () => {
    await queue.add(jobs(1));
    await queue.pause();
    expect(await queue.demand(0)).toMatchObject({ waiting: 1, paused: true });
    await queue.resume();
    const circuit = { pool: 'p', reason: 'r', sinceMs: 1, retryAtMs: null };
    await store.supervision.setCircuit('work', circuit);
    expect(await queue.demand(0)).toMatchObject({ waiting: 1, paused: false });
    await queue.pause();
    expect(await queue.demand(0)).toMatchObject({ paused: true });
  });
});

test('what the leader wants of a pool is read as it was written last', async () => {
  expect(await store.board.scaling('p')).toBeNull();
  const scaling = {
    ...{ pool: 'p', desired: 3, waiting: 1, delayedDue: 0, active: 2, concurrency: 16, serviceMs: 5 },
    ...{ serviceKnown: true, queues: ['work'], atMs: 1 },
  };
  await store.board.saveScaling([scaling, { ...scaling, pool: 'q' }]);
  await store.board.saveScaling([{ ...scaling, desired: 4 }]);
  expect(await store.board.scaling('p')).toEqual({ ...scaling, desired: 4 });
  expect((await store.board.scaling('q'))?.desired).toBe(3);
});
