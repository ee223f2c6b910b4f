import { type DeathCertificate, ManualClock, type Recovery, silentLog } from '@millrace/core';
import { createDeathWatch } from '@millrace/supervision';
import { expect, test } from 'vitest';
import { createInheritance } from './inheritance.ts';
import { beginRecovery } from './recovery/record.ts';
import type { Recoverer } from './recovery/recoverer.ts';
import type { Watcher } from './watch/watcher.ts';

const LIMITS = {
  ...{ beatMs: 250, suspectMs: 2_000, suspectPhi: 8, hangLimitMs: 5_000, busyLimitMs: 30_000, confirmMs: 50 },
};
const certificate = (worker: string, diedAtMs = 0) =>
  ({ worker, pod: 'p-1', slot: 0, cause: 'crash', diedAtMs, certifiedAtMs: diedAtMs }) as DeathCertificate;
const left = (id: string, state: Recovery['state'] = 'running'): Recovery => ({
  ...beginRecovery(certificate(id)),
  state,
});

/** What a new supervisor finds: `recoveries` and the workers of a picture, on a clock that stands. */
function heir(recoveries: readonly Recovery[], workers: readonly { id: string; pod: string }[] = []) {
  const clock = new ManualClock();
  const watch = createDeathWatch(LIMITS);
  const world = {
    recoveries,
    isOver: true,
    living: null as readonly string[] | null,
    picture: async () => {},
  };
  const ended: string[] = [];
  const died: string[] = [];
  const begun: string[] = [];
  const begin = (id: string) => {
    begun.push(id);
    return Promise.resolve(world.isOver);
  };
  const inheritance = createInheritance({
    store: {
      board: {
        async status() {
          await world.picture();
          return { workers: workers.map((each) => ({ ...each, pid: 1, slot: 0, state: 'running' })) };
        },
        recoveries: async () => world.recoveries,
      },
    } as never,
    watcher: {
      watch,
      podExited: (pod: string) => ended.push(pod),
      queuesOf: async () => [],
    } as unknown as Watcher,
    recoverer: {
      recover: ({ worker }: DeathCertificate) => begin(worker),
      resume: ({ id }: Recovery) => begin(id),
      running: () => [],
    } as unknown as Recoverer,
    roster: { died: (id) => died.push(id) },
    livingPods: () => world.living,
    ...{ clock, log: silentLog },
  });
  const take = () => inheritance.take(new AbortController().signal);
  return { inheritance, world, watch, take, ended, died, begun };
}

test('whom another supervisor has recovered is shown as dead, though it said hello to us', async () => {
  const { take, watch, died, begun } = heir([left('p-1.a', 'done'), left('p-1.b')]);
  await take();
  expect(died).toEqual(['p-1.a', 'p-1.b']);
  expect([watch.isDead('p-1.a'), watch.isDead('p-1.b')]).toEqual([true, true]);
  expect(begun).toEqual(['p-1.b']);
});

test('a recovery that was taken over and failed is tried again by the next sweep, one that did not is not', async () => {
  const { take, inheritance, world, begun } = heir([left('p-1.a')]);
  world.isOver = false;
  await take();
  await inheritance.sweep();
  expect(begun).toEqual(['p-1.a', 'p-1.a']);
  world.isOver = true;
  await inheritance.sweep();
  await inheritance.sweep();
  expect(begun).toEqual(['p-1.a', 'p-1.a', 'p-1.a']);
});

test('remembers no more of the settled than the watch of the dead', async () => {
  const { take, inheritance, begun } = heir(
    Array.from({ length: 10_001 }, (_, at) => left(`p-1.${at}`, 'done')),
  );
  await take();
  inheritance.recover(certificate('p-1.10000'));
  inheritance.recover(certificate('p-1.0'));
  expect(begun).toEqual(['p-1.0']);
});

test('an inherited worker of a pod that started while the picture was read is not lost', async () => {
  const workers = [
    { id: 'p-1.a', pod: 'p-1' },
    { id: 'p-2.b', pod: 'p-2' },
  ];
  const { take, inheritance, world, ended } = heir([], workers);
  world.living = ['p-1'];
  inheritance.podsListed();
  world.picture = async () => {
    world.living = ['p-2'];
  };
  await take();
  expect(ended).toEqual(['p-1']);
});

test('while nobody knows which pods live, none is lost', async () => {
  const { take, inheritance, world, ended } = heir([], [{ id: 'p-1.a', pod: 'p-1' }]);
  await take();
  expect(ended).toEqual([]);
  world.living = [];
  inheritance.podsListed();
  expect(ended).toEqual(['p-1']);
});
