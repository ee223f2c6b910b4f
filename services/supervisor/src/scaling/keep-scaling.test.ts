import { compileConfig, ManualClock, type PoolScaling, type QueueDemand, silentLog } from '@millrace/core';
import { expect, test } from 'vitest';
import type { PodControllers, PoolSize } from '../cluster/pod-controllers.ts';
import { createKeepScaling } from './keep-scaling.ts';

/** A leader over one pool of pods a … with one process of 4 slots each. */
function leader(size: Partial<PoolSize> = {}, yaml = '') {
  const clock = new ManualClock();
  const done: string[] = [];
  let demand: QueueDemand = {
    ...{
      queue: 'work',
      waiting: 0,
      delayedDue: 0,
      active: 0,
      paused: false,
      concurrency: null,
      serviceMs: null,
    },
  };
  const world = {
    leads: true,
    isSpared: (_pool: string): boolean => true,
    heard: ['a', 'b', 'c'],
    busy: {} as Record<string, number>,
    size: { wanted: 3, present: 3 },
  };
  const controllers = {
    sizes: () =>
      new Map(
        ['default', 'other'].map((pool) => [pool, { crashing: 0, paused: false, ...world.size, ...size }]),
      ),
    async spare(costs: ReadonlyMap<string, number>) {
      const spared = [...costs].filter(([, cost]) => cost > 0).map(([pod]) => pod);
      done.push(`spare ${spared.join(' ') || 'nobody'}`);
      return (pool: string) => world.isSpared(pool);
    },
  } as unknown as PodControllers;
  const pods = ['a', 'b', 'c'].map((id) => ({ id, pool: 'default' }));
  const stopping = new AbortController();
  const keeper = createKeepScaling({
    config: compileConfig({}, `worker: {processes: 1}\n${yaml}`),
    ...{ controllers, clock, log: silentLog, leads: () => world.leads },
    store: {
      connected: true,
      board: {
        queueNames: async () => ['work'],
        async saveScaling(scalings: readonly PoolScaling[]) {
          done.push(`publish ${scalings.map(({ desired }) => desired).join()}`);
        },
      },
      queue: () => ({ demand: async () => demand }),
    } as never,
    pods: () => pods as never,
    isHeard: (pod) => world.heard.includes(pod),
    workers: () =>
      pods.map(({ id: pod }) => ({
        ...{ pod, slot: 0, state: 'running', concurrency: 4, queues: ['work'], busy: world.busy[pod] ?? 0 },
      })) as never,
  });
  keeper.run(stopping.signal).catch(() => undefined);
  return {
    world,
    ask: (part: Partial<QueueDemand>) => {
      demand = { ...demand, ...part };
    },
    async pass() {
      clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
      return done.splice(0);
    },
    current: () => keeper.current()[0],
    stop: () => stopping.abort(),
  };
}

test('more pods are published at once; the slots are those of the pods that are seen', async () => {
  const { pass, ask, current, stop } = leader();
  await pass();
  ask({ waiting: 100, serviceMs: 5_000, active: 1 });
  expect(await pass()).toEqual(['spare nobody', 'publish 26']);
  expect(current()).toMatchObject({ desired: 26, concurrency: 4, serviceKnown: true });
  stop();
});

test('the busy are spared before a lower number is published', async () => {
  const { pass, ask, world, stop } = leader();
  await pass();
  world.busy = { b: 2 };
  ask({ active: 2 });
  expect(await pass()).toEqual(['spare b', 'publish 1']);
  stop();
});

test('where they could not be spared the number does not fall, though it may rise', async () => {
  const { pass, ask, world, stop } = leader();
  ask({ active: 12 });
  await pass();
  world.isSpared = () => false;
  ask({ active: 1 });
  expect(await pass()).toEqual(['spare nobody', 'publish 3']);
  ask({ active: 20 });
  expect(await pass()).toEqual(['spare nobody', 'publish 5']);
  world.isSpared = () => true;
  ask({ active: 1 });
  expect(await pass()).toEqual(['spare nobody', 'publish 1']);
  stop();
});

test('of a pod whose processes have not all said what they do, nothing is said', async () => {
  const { pass, ask, world, stop } = leader();
  world.busy = { a: 1, b: 1 };
  world.heard = ['a', 'c'];
  ask({ active: 2 });
  expect(await pass()).toEqual(['spare a', 'publish 1']);
  world.heard = ['a', 'b', 'c'];
  expect(await pass()).toEqual(['spare a b', 'publish 1']);
  stop();
});

test('a pod that was busy a moment ago is spared for some seconds more', async () => {
  const { pass, ask, world, stop } = leader();
  ask({ active: 1 });
  await pass();
  world.busy = { b: 2 };
  await pass();
  world.busy = {};
  for (let second = 0; second < 5; second++) expect(await pass()).toEqual(['spare b', 'publish 1']);
  expect(await pass()).toEqual(['spare nobody', 'publish 1']);
  stop();
});

test('one pool that could not be spared keeps its number, and no other', async () => {
  const { pass, ask, world, stop } = leader({}, 'pools: {default: {}, other: {}}');
  world.isSpared = (pool) => pool === 'default';
  ask({ active: 0 });
  expect(await pass()).toEqual(['spare nobody', 'publish 0,3']);
  stop();
});

test('a first number of ours is no lower than what there is, as long as nobody could be spared', async () => {
  const { pass, world, stop } = leader();
  world.isSpared = () => false;
  expect(await pass()).toEqual(['spare nobody', 'publish 3']);
  stop();
});

test('a pool that is to be left alone should have what it has', async () => {
  const { pass, ask, stop } = leader({ paused: true });
  ask({ waiting: 900, serviceMs: 60_000 });
  expect(await pass()).toEqual(['spare nobody', 'publish 3']);
  stop();
});

test('who does not lead says and does nothing', async () => {
  const { pass, world, current, stop } = leader();
  await pass();
  world.leads = false;
  expect(await pass()).toEqual([]);
  expect(current()).toBeUndefined();
  stop();
});

test('how long jobs took is not forgotten when the last of them is', async () => {
  const { pass, ask, current, stop } = leader();
  ask({ waiting: 1, serviceMs: 70 });
  await pass();
  ask({ serviceMs: null });
  await pass();
  expect(current()).toMatchObject({ serviceMs: 70, serviceKnown: true });
  stop();
});
