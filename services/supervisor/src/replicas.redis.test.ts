import { type Clock, silentLog, systemClock } from '@millrace/core';
import type { Store } from '@millrace/queue';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type QueueBench, queueBench, until } from '../../../tests/support/queue.ts';
import type { Cluster, ClusterEvent, Pod } from './cluster/cluster.ts';
import type { Supervisor } from './contract.ts';
import { createSupervisor } from './supervisor.ts';

const yaml = `
supervision: {linkPort: 0, healthPort: 0, leaseMs: 1000, intensity: 1, periodMs: 1m, backoffMs: 1, openMs: 5m}
pools: {default: {pods: 2}}
`;

let bench: QueueBench;
let store: Store;
let world: ReturnType<typeof sharedCluster>;
const stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  bench = queueBench(yaml);
  store = await bench.store('patient');
  await store.board.addQueueName('work');
  world = sharedCluster();
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  await bench.close();
});

/** What runs the pods of all replicas. Pods are only names. */
function sharedCluster() {
  const pods = new Map<string, Pod>();
  const listeners = new Set<(event: ClusterEvent) => void>();
  const orders: string[] = [];
  const tell = (event: ClusterEvent) => {
    for (const listener of listeners) listener(event);
  };
  function end(id: string, expected = false): void {
    if (!pods.delete(id)) return;
    const exit = { code: expected ? 0 : 1, signal: null, atMs: systemClock.nowMs(), expected };
    tell({ type: 'pod-exited', id, ...exit });
  }
  /** One replica's end of it. */
  function attach(replica: string): Cluster {
    let listen: (event: ClusterEvent) => void = () => undefined;
    const order = (what: string, id: string) => orders.push(`${replica} ${what} ${id.replace(/-.*/, '')}`);
    return {
      manages: true,
      controllers: null,
      start: async () => void listeners.add(listen),
      stop: async () => void listeners.delete(listen),
      list: async () => [...pods.values()],
      listen(listener) {
        listen = listener;
      },
      create(id, pool) {
        order('create', id);
        if (pods.has(id)) return;
        const pod = { id, pool, pid: 1, startedAtMs: systemClock.nowMs() };
        pods.set(id, pod);
        queueMicrotask(() => tell({ type: 'pod-started', ...pod }));
      },
      remove(id) {
        order('remove', id);
        queueMicrotask(() => end(id, true));
      },
      kill(id) {
        order('kill', id);
        queueMicrotask(() => end(id));
      },
    };
  }
  return {
    ...{ pods, orders, attach, end },
    endAny: () => end([...pods.keys()][0] ?? ''),
    done: () => orders.splice(0),
  };
}

async function replica(name: string, clock: Clock = systemClock): Promise<Supervisor> {
  const cluster = world.attach(name);
  const made = createSupervisor(bench.config, { clock, log: silentLog, key: null, cluster, pid: 1 });
  stops.push(() => made.stop());
  await made.start();
  return made;
}

/** A clock that can be told that the process slept. */
function sleeper() {
  let sleptMs = 0;
  const clock: Clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + sleptMs };
  const sleep = (ms: number) => {
    sleptMs += ms;
  };
  return { clock, sleep };
}

const state = async () => (await store.board.status())?.pools[0]?.state;
const isOpen = async () => (await store.queue('work').snapshot()).circuit !== null;

describe('of two replicas', () => {
  test('one leads and acts; it stops, and the other leads at once and goes on with what is there', async () => {
    const a = await replica('a');
    await until(() => a.leads, 'the first leads');
    const b = await replica('b');
    await until(() => world.pods.size === 2, 'the pool is full');
    expect([a.leads, b.leads]).toEqual([true, false]);
    expect(world.done()).toEqual(['a create default', 'a create default']);
    await until(async () => (await state()) === 'running', 'it is shown');
    const from = systemClock.monotonicMs();
    await a.stop();
    await until(() => b.leads, 'the other leads');
    expect(systemClock.monotonicMs() - from).toBeLessThan(900);
    world.endAny();
    await until(() => world.pods.size === 2, 'the pool is full again');
    expect(world.done()).toEqual(['b create default']);
  });

  test('the next one inherits what restarts have cost, and the circuit', async () => {
    const a = await replica('a');
    await until(async () => (await state()) === 'running', 'the pool runs');
    world.endAny();
    await until(async () => (await store.board.status())?.pools[0]?.restarts.used === 1, 'it is counted');
    await until(() => world.pods.size === 2, 'it is replaced');
    await a.stop();
    const b = await replica('b');
    await until(() => b.leads, 'b leads');
    await until(async () => (await state()) === 'running', 'it took over');
    world.endAny();
    await until(isOpen, 'the second death in the period is one too many');
    expect(world.pods.size).toBe(0);
    await b.stop();
    // Whatever somebody else wrote meanwhile, the next leader writes what is right.
    await store.supervision.setCircuit('work', null);
    const c = await replica('c');
    await until(() => c.leads, 'c leads');
    await until(isOpen, 'the circuit is open again');
    // The picture follows what was done: until then it is the last one of b.
    await until(async () => (await state()) === 'open', 'it is shown');
    await store.board.sendCommand({ kind: 'resume-pool', worker: 'default', by: 'me', atMs: 1 });
    await until(async () => !(await isOpen()), 'the circuit is lifted');
    await until(() => world.pods.size === 2, 'the pool is full');
  });

  test('who slept past its lease orders nothing when it wakes, though its pods died meanwhile', async () => {
    const { clock, sleep } = sleeper();
    const a = await replica('a', clock);
    await until(async () => (await state()) === 'running', 'the pool runs');
    expect(world.done()).toEqual(['a create default', 'a create default']);
    sleep(1_000);
    // In the turn in which it wakes it hears of everything, before any timer or answer.
    world.endAny();
    expect(a.leads).toBe(false);
    expect(world.done()).toEqual([]);
    // Nobody else leads: it may again as soon as the store says so.
    await until(() => world.pods.size === 2, 'the pool is full');
    expect(a.leads).toBe(true);
  });

  test('what was said while nobody led is done by the next leader', async () => {
    const { clock, sleep } = sleeper();
    await replica('a', clock);
    await until(async () => (await state()) === 'running', 'the pool runs');
    world.endAny();
    await until(() => world.pods.size === 2, 'it is replaced');
    world.endAny();
    await until(isOpen, 'the pool gave up');
    sleep(1_000);
    await store.board.sendCommand({ kind: 'resume-pool', worker: 'default', by: 'me', atMs: 1 });
    await until(() => world.pods.size === 2, 'the pool is full');
  });
});
