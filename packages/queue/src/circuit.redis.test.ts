import type { Circuit } from '@millrace/core';
import { Queue } from 'bullmq';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { gate, jobs, type QueueBench, queueBench, until } from '../../../tests/support/queue.ts';
import type { BoundedQueue } from './types/queue.ts';
import type { Store } from './types/store.ts';

let bench: QueueBench;
let store: Store;
let queue: BoundedQueue;
beforeEach(async () => {
  bench = queueBench('queue: {bound: 5}');
  store = await bench.store();
  queue = store.queue('work');
});
afterEach(() => bench.close());

const CIRCUIT: Circuit = { pool: 'default', reason: 'it died 5 times', sinceMs: 1.25, retryAtMs: null };
const set = (circuit: Circuit | null) => store.supervision.setCircuit('work', circuit);

test('an open circuit refuses adds with its reason and gives no job away; lifted, both go on', async () => {
  const hold = gate();
  await bench.consumer({ run: hold.run }).start();
  await set(CIRCUIT);
  expect(await queue.add(jobs(1))).toEqual({ kind: 'circuit_open', circuit: CIRCUIT });
  const stock = new Queue('work', { connection: bench.redis, prefix: bench.prefix });
  await stock.add('job', {});
  expect(await queue.snapshot()).toMatchObject({ circuit: CIRCUIT, paused: true, depth: 1, refused: 1 });
  await set({ ...CIRCUIT, retryAtMs: 7 });
  expect((await queue.snapshot()).circuit?.retryAtMs).toBe(7);
  expect(hold.started.size).toBe(0);
  await set(null);
  await until(() => hold.started.size === 1, 'it is taken');
  expect(await queue.add(jobs(1))).toMatchObject({ kind: 'accepted' });
  expect(await queue.snapshot()).toMatchObject({ circuit: null, paused: false });
  hold.finishAll();
  await stock.close();
});

test('a key whose add was accepted before is answered as then, and the bound is not asked', async () => {
  const idempotency = { key: 'k', bodyHash: 'h' };
  const first = await queue.add(jobs(5), idempotency);
  await set(CIRCUIT);
  expect(await queue.add(jobs(5), idempotency)).toMatchObject({
    ...first,
    times: null,
    depth: 0,
    replayed: true,
  });
  expect(await queue.add(jobs(1), { key: 'k', bodyHash: 'other' })).toEqual({ kind: 'conflict' });
  expect(await queue.add(jobs(1))).toMatchObject({ kind: 'circuit_open' });
  expect(await queue.add(jobs(9))).toMatchObject({ kind: 'circuit_open' });
});

test.each<[string, readonly ('open' | 'lift' | 'pause' | 'resume')[], boolean]>([
  ['a person’s pause from before stays', ['pause', 'open'], true],
  ['a person’s pause meanwhile stays', ['open', 'pause'], true],
  ['a person’s resume meanwhile holds afterwards', ['pause', 'open', 'resume'], false],
  ['a resume alone changes nothing', ['open', 'resume'], false],
  ['told twice is told once', ['open', 'open'], false],
  ['a pause after the lift stays', ['open', 'lift', 'pause'], true],
])('%s when the circuit lifts', async (_, steps, paused) => {
  for (const step of steps) {
    if (step === 'open') await set(CIRCUIT);
    else if (step === 'lift') await set(null);
    else await queue[step]();
    const { circuit, paused: now } = await queue.snapshot();
    if (circuit) expect(now).toBe(true);
  }
  await set(null);
  expect(await queue.snapshot()).toMatchObject({ paused, circuit: null });
});

test('a stock client’s resume is undone by telling it again', async () => {
  const stock = new Queue('work', { connection: bench.redis, prefix: bench.prefix });
  await set(CIRCUIT);
  await stock.resume();
  await set(CIRCUIT);
  expect((await queue.snapshot()).paused).toBe(true);
  await set(null);
  expect((await queue.snapshot()).paused).toBe(false);
  await stock.close();
});
