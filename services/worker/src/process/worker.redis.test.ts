import { fileURLToPath } from 'node:url';
import { newStartId, silentLog, systemClock } from '@millrace/core';
import { lifecycleStress } from '@millrace/core/testing';
import { loadHandlers } from '@millrace/sdk';
import { afterEach, expect, test, vi } from 'vitest';
import { type QueueBench, queueBench, until } from '../../../../tests/support/queue.ts';
import { startStore } from '../../../../tests/support/store-setup.ts';
import { createWorkerProcess, type WorkerDependencies, type WorkerProcess } from './worker.ts';

const HANDLERS = fileURLToPath(new URL('../../../../tests/fixtures/handlers/worker', import.meta.url));
const YAML = 'worker: {cpuThreads: 1}\ndrain: {timeoutMs: 1000, noticeMs: 100}\n';

let queues: QueueBench | undefined;

async function setup(store?: { url: string }) {
  const bench = queueBench(YAML, store);
  queues = bench;
  const registry = await loadHandlers(HANDLERS);
  const onFenced = vi.fn();
  const make = (over: Partial<WorkerDependencies> = {}): WorkerProcess & { id: string } => {
    const id = newStartId('pod');
    const options = { id, pod: 'pod', pid: process.pid, linkKey: null };
    const worker = createWorkerProcess({ ...bench.config, supervisors: [] }, options, {
      registry,
      clock: systemClock,
      log: silentLog,
      telemetry: null,
      output: process.stderr,
      tellPod: () => undefined,
      onDrainOrder: () => undefined,
      onFenced,
      ...over,
    });
    return { ...worker, id };
  };
  return { bench, make, onFenced };
}

afterEach(() => queues?.close());

test('keeps the lifecycle contract: after stop no connection carries its name', async () => {
  const { bench, make } = await setup();
  const store = await bench.store();
  await lifecycleStress(make, async ({ id }) => {
    // The store lists a connection for a moment after we have closed it: none at any look is none.
    const rehearsed = `${id}.rehearsal`;
    const gone = async () =>
      [...(await store.supervision.connectionsOf([id, rehearsed])).values()].every((count) => count === 0);
    return until(gone, 'it is gone', 500).then(
      () => false,
      () => true,
    );
  });
});

test('a standby takes nothing before it has a slot', async () => {
  const { bench, make } = await setup();
  const store = await bench.store();
  const worker = make();
  await worker.start();
  await store.queue('quick').add([{ name: 'echo', data: 1, opts: {} }]);
  expect((await store.queue('quick').snapshot()).counts).toMatchObject({ waiting: 1, completed: 0 });
  await worker.activate(0);
  await until(async () => (await store.queue('quick').snapshot()).counts.completed === 1, 'it is done');
  await worker.stop();
});

test('a drain that comes with the slot leaves nothing taking', async () => {
  const { bench, make } = await setup();
  const store = await bench.store();
  const worker = make();
  await worker.start();
  const activating = worker.activate(0);
  expect(await worker.drain({ timeoutMs: 1_000, noticeMs: 0 })).toBe(true);
  await activating;
  await store.queue('slow').add([{ name: 'wait', data: { ms: 60_000 }, opts: {} }]);
  // A queue that somebody took from would show it before the answer to a later call on the same connection.
  await store.queue('slow').snapshot();
  expect((await store.queue('slow').snapshot()).counts).toMatchObject({ waiting: 1, active: 0 });
  await worker.stop();
});

test('a stop gets in between while a start waits out an outage', async () => {
  const own = await startStore();
  await own.stop();
  const { make } = await setup({ url: `redis://127.0.0.1:${own.port}` });
  const worker = make();
  const starting = worker.start();
  await Promise.all([worker.stop(), starting]);
});

test('a start that the store has fenced is told so once it takes', async () => {
  const { bench, make, onFenced } = await setup();
  const store = await bench.store();
  const worker = make();
  await worker.start();
  await store.supervision.fence('quick', worker.id);
  await store.queue('quick').add([{ name: 'echo', data: 1, opts: {} }]);
  await worker.activate(0);
  await until(() => onFenced.mock.calls.length > 0, 'it is told');
  expect((await store.queue('quick').snapshot()).counts.waiting).toBe(1);
  await worker.stop();
});
