import { type Circuit, compileConfig, ManualClock, silentLog } from '@millrace/core';
import { afterEach, expect, test } from 'vitest';
import { until } from '../../../../tests/support/queue.ts';
import type { Cluster, ClusterEvent, Pod } from '../cluster/cluster.ts';
import { createPoolKeeper, type PoolKeeper } from './pool-keeper.ts';

const CIRCUIT: Circuit = { pool: 'default', reason: 'it died', sinceMs: 1, retryAtMs: null };
const keepers: PoolKeeper[] = [];
afterEach(() => Promise.all(keepers.splice(0).map((keeper) => keeper.stop())));

/** A keeper that leads, with a store and a cluster of the imagination; time stands unless it is let pass. */
async function leader(saved: unknown = null) {
  const clock = new ManualClock();
  const config = compileConfig({}, '{pools: {default: {pods: 1}}}');
  const pods = new Map<string, Pod>();
  const orders: string[] = [];
  const circuits = new Map<string, Circuit | null>();
  const world = { leads: true, saved, hung: [] as readonly string[], isDue: () => true };
  let tell: (event: ClusterEvent) => void = () => undefined;
  const cluster: Cluster = {
    manages: true,
    controllers: null,
    start: async () => undefined,
    stop: async () => undefined,
    list: async () => [...pods.values()],
    create(id, pool) {
      orders.push('create');
      start({ id, pool });
    },
    remove: () => void orders.push('remove'),
    kill(id, isDue) {
      orders.push(`kill ${id}`);
      if (isDue) world.isDue = isDue;
    },
    listen: (listener) => {
      tell = listener;
    },
  };
  function start({ id, pool = 'default' }: { readonly id: string; readonly pool?: string }): void {
    const pod = { id, pool, pid: 1, startedAtMs: clock.nowMs() };
    pods.set(id, pod);
    tell({ type: 'pod-started', ...pod });
  }
  function end(id: string): void {
    pods.delete(id);
    tell({ type: 'pod-exited', id, code: 1, signal: null, atMs: clock.nowMs(), expected: false });
  }
  const store = {
    connected: true,
    board: {
      tree: async () => world.saved,
      saveTree: async (_: string, tree: unknown) => {
        world.saved = JSON.parse(JSON.stringify(tree));
        return true;
      },
      queueNames: async () => ['work'],
    },
    supervision: {
      setCircuit: async (queue: string, circuit: Circuit | null) => void circuits.set(queue, circuit),
    },
  } as unknown as Parameters<typeof createPoolKeeper>[0]['store'];
  const keeper = createPoolKeeper({
    ...{ config, id: 's', cluster, store, leads: () => world.leads, clock, log: silentLog },
    hungPods: () => world.hung,
    ...{ onRestart() {}, onPodExited() {}, onListed() {}, onChange() {} },
  });
  keepers.push(keeper);
  await keeper.start();
  const gain = async () => {
    keeper.gain();
    await settled();
  };
  return { keeper, clock, world, pods, orders, circuits, cluster, start, end, gain };
}

/** Everything that was under way is over: nothing here takes time. */
const settled = async () => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};

test('a circuit that another leader’s client wrote late is put right, and at once when the pool is resumed', async () => {
  const { keeper, clock, circuits, gain } = await leader();
  await gain();
  expect(circuits.get('work')).toBeNull();
  circuits.set('work', CIRCUIT);
  clock.advance(5_000);
  await until(() => circuits.get('work') === null, 'it is lifted');
  circuits.set('work', CIRCUIT);
  keeper.resume('default');
  await until(() => circuits.get('work') === null, 'it is lifted at once');
});

test('a pod that hung while nobody led is killed by the next leader only if it hangs still', async () => {
  const { keeper, world, pods, orders, gain } = await leader();
  await gain();
  const [pod = ''] = pods.keys();
  keeper.lose();
  keeper.hung(pod);
  await gain();
  expect(orders).toEqual(['create']);
  keeper.lose();
  world.hung = [pod];
  await gain();
  expect(orders).toEqual(['create', `kill ${pod}`]);
  // Where the kill has to wait, it is asked again.
  expect(world.isDue()).toBe(true);
  world.hung = [];
  expect(world.isDue()).toBe(false);
});

test('a saved tree that cannot be read ends no supervisor: the pools begin anew', async () => {
  const broken = {
    version: 1,
    get pools(): unknown {
      throw new Error('whatever is wrong with it');
    },
  };
  const { keeper, orders, gain } = await leader(broken);
  await gain();
  expect(orders).toEqual(['create']);
  expect(keeper.pools().map(({ state, pods }) => [state, pods])).toEqual([['running', 1]]);
});
