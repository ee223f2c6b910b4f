import { ManualClock, silentLog } from '@millrace/core';
import { expect, test } from 'vitest';
import { ApiError } from './api.ts';
import type { PodObject } from './objects.ts';
import { createOrders } from './orders.ts';
import { createPodBook } from './pod-book.ts';
import { createPodWriter } from './pod-writer.ts';
import { apiOf, msOf, podObject, second, terminated } from './testing.ts';

const never = () => false;

/** A life `one` in pod `u1`, whose server is away until it is told otherwise. */
function world() {
  const clock = new ManualClock();
  const book = createPodBook();
  const now = { pod: podObject() as PodObject | null, isAway: true, isPaused: false, leads: true };
  const asked: unknown[] = [];
  const api = apiOf((verb, _path, body) => {
    if (now.isAway) throw new ApiError(0, 'Unreachable', 'away');
    if (verb === 'GET' && now.pod === null) throw new ApiError(404, 'NotFound', 'no such pod');
    if (verb === 'GET') return now.pod;
    asked.push(body);
    return null;
  });
  const say = (id: string, startedAtMs: number) =>
    book.introduce({ id, pool: 'default', pid: 1, startedAtMs, k8s: { name: 'x', uid: 'u1' } });
  const orders = createOrders({
    ...{ book, clock, log: silentLog, isPaused: () => now.isPaused, isCandidate: () => now.leads },
    writer: createPodWriter({
      ...{ api, holdsLease: () => true, mayWrite: () => true, dryRun: false, log: silentLog },
    }),
    learn: (pod) => void book.seen(pod, never),
  });
  book.seen(podObject(), never);
  say('one', msOf(3));
  return {
    ...{ now, orders, say, clock, asked },
    /** The server has returned: what it is asked to delete. */
    async back() {
      now.isAway = false;
      await orders.carryOut('one');
      return asked;
    },
  };
}

const restarted = () =>
  podObject({
    version: '2',
    container: { state: { running: { startedAt: second(9) } }, lastState: { terminated: terminated(2, 8) } },
  });

test('an order that could not be carried out is, in the very version of the pod that was looked at', async () => {
  const { orders, now, back } = world();
  expect(orders.take('one', { graceSeconds: 1 })).toBe(true);
  await expect(orders.carryOut('one')).rejects.toThrow('away');
  now.pod = podObject({ version: '7' });
  expect(await back()).toMatchObject([
    { gracePeriodSeconds: 1, preconditions: { uid: 'u1', resourceVersion: '7' } },
  ]);
});

test.each<[string, (it: ReturnType<typeof world>) => void]>([
  [
    'the container is another by now, which only the server knows',
    ({ now }) => {
      now.pod = restarted();
    },
  ],
  ['somebody else has said hello from it', ({ say }) => say('two', msOf(9))],
  [
    'the pod is gone',
    ({ now }) => {
      now.pod = null;
    },
  ],
  [
    'another pod has its name',
    ({ now }) => {
      now.pod = podObject({ uid: 'u2' });
    },
  ],
  [
    'its Deployment is paused by now',
    ({ now }) => {
      now.isPaused = true;
    },
  ],
  [
    'somebody else leads',
    ({ now }) => {
      now.leads = false;
    },
  ],
  ['it is old', ({ clock }) => clock.advance(31_001)],
])('nobody is deleted where %s', async (_, happens) => {
  const it = world();
  it.orders.take('one', { graceSeconds: 1 });
  await expect(it.orders.carryOut('one')).rejects.toThrow('away');
  happens(it);
  expect(await it.back()).toEqual([]);
});

test('who says at the last moment whether it is due is asked then, however long it took', async () => {
  let hangs = true;
  const first = world();
  first.orders.take('one', { graceSeconds: 1, isDue: () => hangs });
  first.clock.advance(3_600_000);
  expect(await first.back()).toHaveLength(1);
  const second = world();
  second.orders.take('one', { graceSeconds: 1, isDue: () => hangs });
  hangs = false;
  expect(await second.back()).toEqual([]);
});

test('a pod that changed between the look and its end is looked at again', async () => {
  const api = apiOf(() => {
    throw new ApiError(409, 'Conflict', 'the version is another');
  });
  const writer = createPodWriter({
    ...{ api, holdsLease: () => true, mayWrite: () => true, dryRun: false, log: silentLog },
  });
  const ending = { name: 'x', uid: 'u1', resourceVersion: '1', graceSeconds: 1 };
  await expect(writer.end(ending)).rejects.toThrow('the version is another');
});
