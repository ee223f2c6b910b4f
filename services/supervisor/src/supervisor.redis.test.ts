import {
  type Config,
  type DeathCertificate,
  newStartId,
  type Recovery,
  silentLog,
  systemClock,
} from '@millrace/core';
import { lifecycleStress } from '@millrace/core/testing';
import type { BoundedQueue, Store } from '@millrace/queue';
import { type Beat, createLink, type Link, type Order } from '@millrace/supervision';
import { Worker } from 'bullmq';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { gate, jobs, type QueueBench, queueBench, until } from '../../../tests/support/queue.ts';
import { createUnmanagedCluster } from './cluster/local-cluster.ts';
import type { Supervisor } from './contract.ts';
import { createSupervisor } from './supervisor.ts';

const clock = systemClock;
const log = silentLog;
const key = 'a shared key';
const supervision = `supervision: {linkPort: 0, healthPort: 0, beatMs: 50, suspectMs: 300, hangLimitMs: 1200}`;

let bench: QueueBench;
let store: Store;
let queue: BoundedQueue;
let supervisor: Supervisor;
const stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  bench = queueBench(supervision);
  store = await bench.store('patient');
  queue = store.queue('work');
  await store.board.addQueueName('work');
  supervisor = await startSupervisor();
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  await bench.close();
});

async function startSupervisor(config: Config = bench.config): Promise<Supervisor> {
  const made = createSupervisor(config, {
    clock,
    log,
    key,
    cluster: createUnmanagedCluster(),
    pid: process.pid,
  });
  stops.push(() => made.stop());
  await made.start();
  return made;
}

function dial(hello: Parameters<typeof createLink>[0]['hello'], port: number) {
  const orders: Order[] = [];
  const link = createLink(
    { addresses: [`127.0.0.1:${port}`], key, hello, onOrder: (order) => orders.push(order) },
    { clock, log },
  );
  stops.push(() => link.stop());
  return { link, orders };
}

/** A worker that is all in this process: real link, real consumer. It beats until `hush`. */
async function worker(concurrency = 2, port = supervisor.ports.link) {
  const id = newStartId('pod-a');
  const handler = gate();
  const events = { fenced: 0 };
  const hello = () => ({
    ...{ kind: 'worker' as const, id, pod: 'pod-a', slot: 0, pid: 4242, host: 'here' },
    ...{ queues: ['work'], concurrency, standby: false, startedAtMs: clock.nowMs(), capabilities: [] },
  });
  const { link, orders } = dial(hello, port);
  const consumer = bench.consumer({
    startId: id,
    concurrency,
    run: handler.run,
    onFenced: () => events.fenced++,
  });
  await link.start();
  await consumer.start();
  const beat = (): Beat => ({
    ...{ type: 'beat', atMs: clock.nowMs(), state: 'running', slot: 0, queues: ['work'], concurrency },
    ...{ busy: handler.started.size, loopDelayMs: 0, cpuMs: 0, rssBytes: 0, heapBytes: 0 },
  });
  const beats = clock.every(50, () => link.send(beat()));
  stops.push(async () => beats.cancel());
  await until(() => link.connected === 1, 'the worker is linked');
  return {
    ...{ id, handler, link, orders, consumer, events },
    hush: () => beats.cancel(),
    /** Link and store connections go, as by SIGKILL: nothing is handed back, nobody says bye. */
    async vanish() {
      beats.cancel();
      await Promise.all([link.stop(), consumer.stop()]);
    },
  };
}

async function podLink(children: readonly string[] = []): Promise<{ link: Link; orders: Order[] }> {
  const hello = () => ({
    ...{ kind: 'pod' as const, id: 'pod-a', pool: 'pod', pid: 4141, host: 'here', startedAtMs: 1 },
    children: [...children],
  });
  const pod = dial(hello, supervisor.ports.link);
  await pod.link.start();
  await until(() => pod.link.connected === 1, 'the pod is linked');
  return pod;
}

async function recovery(id: string, state: Recovery['state'] = 'done'): Promise<Recovery> {
  let found: Recovery | undefined;
  await until(async () => {
    found = (await store.board.recoveries(10)).find((r) => r.id === id && r.state === state);
    return found !== undefined;
  }, `the recovery of ${id} is ${state}`);
  return found as Recovery;
}

async function workerState(id: string): Promise<string | undefined> {
  return (await store.board.status())?.workers.find((w) => w.id === id)?.state;
}

/** A worker that holds `n` jobs, and another that is idle. */
async function busyAndIdle(n = 2) {
  const busy = await worker(n);
  await queue.add(jobs(n));
  await until(() => busy.handler.started.size === n, 'the jobs run');
  return { busy, idle: await worker(n) };
}

const exitOf = (workerId: string) => ({
  ...{ type: 'exit' as const, worker: workerId, slot: 0, pid: 4242, code: null, signal: 'SIGKILL' },
  ...{ atMs: clock.nowMs(), expected: false, stderrTail: ['last words'] },
});

describe('a death', () => {
  test('that the parent reports: jobs are restarted elsewhere, every phase is on record', async () => {
    const { busy, idle } = await busyAndIdle();
    const pod = await podLink();
    await busy.vanish();
    pod.link.send(exitOf(busy.id));
    await until(() => idle.handler.started.size === 2, 'the jobs run elsewhere');
    const record = await recovery(busy.id);
    expect(record.certificate).toMatchObject({
      cause: 'killed',
      exitSignal: 'SIGKILL',
      pod: 'pod-a',
      slot: 0,
    });
    expect(record.orphans).toEqual({ work: [...busy.handler.started.keys()] });
    const { detectMs, fenceMs, reclaimMs, firstOrphanMs, lastOrphanMs } = record;
    expect(detectMs).toBeLessThanOrEqual(fenceMs as number);
    expect(fenceMs).toBeLessThanOrEqual(reclaimMs as number);
    expect(firstOrphanMs).toBeLessThanOrEqual(lastOrphanMs as number);
    expect(lastOrphanMs).toBeLessThan(2_000);
    await until(async () => (await workerState(busy.id)) === 'dead', 'the picture shows it dead');
  });

  test('that nobody reports: link and store connections gone', async () => {
    const { busy, idle } = await busyAndIdle();
    await busy.vanish();
    await until(() => idle.handler.started.size === 2, 'the jobs run elsewhere');
    const { certificate, detectMs } = await recovery(busy.id);
    expect(certificate.evidence.map(({ kind }) => kind)).toEqual(['link-closed', 'store-gone']);
    expect(detectMs).toBeGreaterThanOrEqual(100);
    expect(detectMs).toBeLessThan(1_000);
  });

  test('with nothing in flight still gets a certificate and a recovery', async () => {
    const idle = await worker();
    await idle.vanish();
    expect(await recovery(idle.id)).toMatchObject({ orphans: {}, firstOrphanMs: null, lastOrphanMs: null });
  });

  test('is answered by a respawn, which the record tells', async () => {
    const first = await worker();
    await first.vanish();
    await recovery(first.id);
    await worker();
    await until(async () => (await recovery(first.id)).respawnMs !== null, 'the respawn is on record');
  });

  test('that was meant leaves no record, but what it still holds is given back', async () => {
    const { busy, idle } = await busyAndIdle();
    const pod = await podLink();
    idle.link.send({ type: 'bye', reason: 'drained' });
    await idle.vanish();
    pod.link.send({ ...exitOf(idle.id), code: 0, signal: null, expected: true });
    const third = await worker();
    busy.link.send({ type: 'bye', reason: 'drained' });
    await busy.vanish();
    pod.link.send({ ...exitOf(busy.id), code: 0, signal: null, expected: true });
    await until(() => third.handler.started.size === 2, 'the jobs run elsewhere');
    expect((await recovery(busy.id)).certificate.cause).toBe('shutdown');
    expect((await store.board.recoveries(10)).map(({ id }) => id)).toEqual([busy.id]);
  });
});

describe('one signal that may lie', () => {
  test('a worker whose link is cut over and over, and that comes back, is not dead', async () => {
    const busy = await worker();
    await queue.add(jobs(2));
    await until(() => busy.handler.started.size === 2, 'the jobs run');
    for (let round = 0; round < 3; round++) {
      await busy.link.stop();
      const again = dial(
        () => ({
          ...{ kind: 'worker' as const, id: busy.id, pod: 'pod-a', slot: 0, pid: 4242, host: 'here' },
          ...{ queues: ['work'], concurrency: 2, standby: false, startedAtMs: 1, capabilities: [] },
        }),
        supervisor.ports.link,
      );
      await again.link.start();
      await until(() => again.link.connected === 1, 'linked again');
      busy.link = again.link;
    }
    expect(await store.board.recoveries(10)).toEqual([]);
    busy.handler.finishAll();
    await until(async () => (await queue.snapshot()).counts.completed === 2, 'it commits');
  });

  test('a linked worker without a connection to the store is not dead', async () => {
    const busy = await worker();
    await busy.consumer.stop();
    // By the time that another is found dead, it would have been too.
    const probe = await worker();
    await probe.vanish();
    await recovery(probe.id);
    expect((await store.board.recoveries(10)).map(({ id }) => id)).toEqual([probe.id]);
    expect(await workerState(busy.id)).toBe('running');
  });
});

describe('a worker that hangs', () => {
  test('is suspected, fenced, and its jobs run elsewhere; its parent and it are told', async () => {
    const { busy, idle } = await busyAndIdle();
    const pod = await podLink([busy.id, idle.id]);
    const from = clock.nowMs();
    busy.hush();
    await until(async () => (await workerState(busy.id)) === 'suspect', 'it is suspected');
    await until(() => idle.handler.started.size === 2, 'the jobs run elsewhere');
    expect(clock.nowMs() - from).toBeLessThan(1_200 + 500);
    const { certificate } = await recovery(busy.id);
    expect(certificate).toMatchObject({ cause: 'hung', exitSignal: null });
    const told = (type: Order['type']) => ({ type, worker: busy.id });
    await until(() => pod.orders.length >= 3 && busy.orders.length > 0, 'both are told');
    expect(pod.orders).toEqual([told('warm'), told('fenced'), told('recovered')]);
    expect(busy.orders[0]).toEqual(told('fenced'));
  });

  test('is refused everything when it wakes', async () => {
    const { busy, idle } = await busyAndIdle();
    busy.hush();
    await until(() => idle.handler.started.size === 2, 'the jobs run elsewhere');
    for (const { job } of busy.handler.started.values()) {
      await expect(job.progress(1)).rejects.toMatchObject({ code: 'fenced' });
    }
    busy.handler.finishAll();
    await until(() => busy.events.fenced === 1, 'it hears that it is fenced');
    idle.handler.finishAll();
    await until(async () => (await queue.snapshot()).counts.completed === 2, 'the living commit');
    expect(await store.supervision.refusalsOf(['work'], busy.id)).toBeGreaterThanOrEqual(4);
  });

  test('and is idle swallows no job', async () => {
    const frozen = await worker(1);
    frozen.hush();
    // Its blocking read is the only one: whoever comes later waits behind it.
    await until(async () => (await workerState(frozen.id)) === 'suspect', 'it is suspected');
    await recovery(frozen.id);
    const living = await worker(1);
    const from = clock.nowMs();
    await queue.add(jobs(1));
    await until(() => living.handler.started.size === 1, 'the living takes it');
    expect(clock.nowMs() - from).toBeLessThan(1_000);
    expect(frozen.handler.started.size).toBe(0);
  });
});

describe('a supervisor that comes after another', () => {
  test('finishes the recovery that was under way', async () => {
    const { busy, idle } = await busyAndIdle();
    const pod = await podLink();
    await idle.vanish();
    await busy.vanish();
    pod.link.send(exitOf(busy.id));
    await until(
      async () => Object.keys((await recovery(busy.id, 'running')).orphans).length > 0,
      'reclaimed',
    );
    await supervisor.stop();
    expect((await recovery(busy.id, 'running')).lastOrphanMs).toBeNull();
    supervisor = await startSupervisor();
    await worker();
    const record = await recovery(busy.id);
    expect(record.lastOrphanMs).toBeGreaterThan(record.reclaimMs as number);
    expect(record.orphans.work).toHaveLength(2);
  });

  test('finds who died while nobody watched', async () => {
    const { busy, idle } = await busyAndIdle();
    await until(async () => (await workerState(busy.id)) === 'running', 'the picture shows it');
    await supervisor.stop();
    await busy.vanish();
    supervisor = await startSupervisor();
    const back = dial(
      () => ({
        ...{ kind: 'worker' as const, id: idle.id, pod: 'pod-a', slot: 0, pid: 4242, host: 'here' },
        ...{ queues: ['work'], concurrency: 2, standby: false, startedAtMs: 1, capabilities: [] },
      }),
      supervisor.ports.link,
    );
    await back.link.start();
    const beats = clock.every(50, () => back.link.send({ ...quietBeat, atMs: clock.nowMs() }));
    stops.push(async () => beats.cancel());
    await until(() => idle.handler.started.size === 2, 'the jobs run elsewhere');
    expect((await recovery(busy.id)).certificate.cause).toBe('crash');
    expect((await store.board.recoveries(10)).map(({ id }) => id)).toEqual([busy.id]);
  });

  test('finds whom nobody ever heard of by the locks it left', async () => {
    await supervisor.stop();
    const stranger = bench.consumer({
      startId: newStartId('pod-b'),
      // No room for the third job, which is the stock worker's.
      concurrency: 2,
      run: () => new Promise(() => undefined),
    });
    await stranger.start();
    await queue.add(jobs(2));
    await until(async () => (await queue.snapshot()).counts.active === 2, 'the jobs run');
    const stock = new Worker('work', () => new Promise(() => undefined), {
      connection: bench.redis,
      prefix: bench.prefix,
    });
    stops.push(() => stock.close(true));
    await queue.add(jobs(1));
    await until(async () => (await queue.snapshot()).counts.active === 3, 'a stock worker runs one');
    await stranger.stop();
    supervisor = await startSupervisor();
    const orphansOf = async () => (await store.board.recoveries(10))[0]?.orphans.work;
    await until(async () => (await orphansOf())?.length === 2, 'the stranger’s jobs are given back');
    const [record] = await store.board.recoveries(10);
    expect(record?.certificate).toMatchObject({ pod: 'pod-b', cause: 'crash' });
    expect((await queue.snapshot()).counts.active).toBe(1);
  });

  test('or beside it, finishes what that one left, though it never knew the dead', async () => {
    await until(async () => (await store.board.status()) !== null, 'it knows what there was');
    const certificate: DeathCertificate = {
      ...{ worker: newStartId('pod-c'), pod: 'pod-c', pid: 1, slot: 0, cause: 'crash', blame: 'jobs' },
      ...{
        exitCode: 1,
        exitSignal: null,
        diedAtMs: clock.nowMs() - 5_000,
        certifiedAtMs: clock.nowMs() - 5_000,
      },
      ...{ evidence: [], lastLines: [], peakRssBytes: null, memoryLimitBytes: null, beats: [] },
    };
    const begun = {
      fenceMs: null,
      reclaimMs: null,
      respawnMs: null,
      firstOrphanMs: null,
      lastOrphanMs: null,
    };
    const { worker: id, diedAtMs } = certificate;
    await store.board.saveRecovery({
      ...{ id, certificate, diedAtMs, detectMs: 0, ...begun, orphans: {}, state: 'running' },
    });
    expect((await recovery(id)).reclaimMs).not.toBeNull();
  });

  test('does not repeat what is done when an old exit is told again', async () => {
    const dead = await worker();
    const pod = await podLink();
    await dead.vanish();
    pod.link.send(exitOf(dead.id));
    const before = await recovery(dead.id);
    await supervisor.stop();
    supervisor = await startSupervisor();
    const again = await podLink();
    again.link.send(exitOf(dead.id));
    await again.link.stop();
    const probe = await worker();
    await probe.vanish();
    await recovery(probe.id);
    expect(await recovery(dead.id)).toEqual(before);
  });
});

test('commands: drain goes to the worker, kill to its pod', async () => {
  const some = await worker();
  const pod = await podLink([some.id]);
  await store.board.sendCommand({ kind: 'drain', worker: some.id, by: 'me', atMs: clock.nowMs() });
  await until(() => some.orders.length === 1, 'the worker is told');
  await store.board.sendCommand({ kind: 'kill', worker: some.id, by: 'me', atMs: clock.nowMs() });
  await until(() => pod.orders.length === 1, 'the pod is told');
  expect([some.orders[0], pod.orders[0]]).toEqual([
    { type: 'drain', worker: some.id, by: 'me' },
    { type: 'kill', worker: some.id, by: 'me' },
  ]);
});

test('health: alive, ready, and metrics with every series from the start', async () => {
  const base = `http://127.0.0.1:${supervisor.ports.health}`;
  await until(async () => (await fetch(`${base}/readyz`)).status === 200, 'it is ready');
  expect((await fetch(`${base}/livez`)).status).toBe(200);
  expect((await fetch(`${base}/else`)).status).toBe(404);
  const text = await (await fetch(`${base}/metrics`)).text();
  expect(text).toContain('millrace_worker_deaths_total{cause="hung"} 0');
  expect(text).toContain('millrace_workers_suspect 0');
  expect(text).toContain('millrace_jobs_reclaimed_total 0');
});

test('a supervisor keeps the lifecycle contract', async () => {
  const make = () =>
    createSupervisor(bench.config, { clock, log, key, cluster: createUnmanagedCluster(), pid: process.pid });
  await lifecycleStress(make, async ({ ports }) =>
    ports.health === 0 ? false : (await fetch(`http://127.0.0.1:${ports.health}/livez`)).ok,
  );
});

const quietBeat: Omit<Beat, 'atMs'> = {
  ...{ type: 'beat', state: 'running', slot: 0, queues: ['work'], concurrency: 2, busy: 0 },
  ...{ loopDelayMs: 0, cpuMs: 0, rssBytes: 0, heapBytes: 0 },
};
