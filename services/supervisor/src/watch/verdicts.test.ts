import { ManualClock, silentLog } from '@millrace/core';
import { createDeathWatch, type Order } from '@millrace/supervision';
import { expect, test } from 'vitest';
import { createVerdicts, type VerdictsDependencies } from './verdicts.ts';

const LIMITS = {
  ...{ beatMs: 250, suspectMs: 1_000, suspectPhi: 8, hangLimitMs: 5_000 },
  ...{ busyLimitMs: 30_000, confirmMs: 1_000 },
};

/** What the pod of a start is told that falls silent, and is seen by its parent in state `letter`. */
async function ordersFor(letter: string): Promise<Order[]> {
  const clock = new ManualClock();
  const watch = createDeathWatch(LIMITS);
  const orders: Order[] = [];
  const fenced = Promise.withResolvers<void>();
  const perform = createVerdicts({
    ...{ supervision: { killFenced: true }, watch, clock, log: silentLog },
    store: { connected: true, supervision: { fence: async () => undefined } },
    links: () => ({ order: (to: string, order: Order) => to === 'p' && orders.push(order) }),
    roster: { history: () => ({ beats: [], peakRssBytes: null }), died: () => undefined },
    queuesOf: async () => ['q'],
    onDeath: () => fenced.resolve(),
    onChange: () => undefined,
    metrics: { suspicion: () => undefined, death: () => undefined },
  } as unknown as VerdictsDependencies);
  perform(watch.hello({ id: 'p.1', pod: 'p', pid: 7, slot: 0 }, 0));
  for (let atMs = 250; atMs <= 40_000; atMs += 250) {
    const report = { silentMs: atMs, cpuMs: letter === 'R' ? atMs : 5, letter };
    perform(watch.reports('p', new Map([['p.1', report]]), atMs));
    perform(watch.tick(atMs));
  }
  await fenced.promise;
  return orders.filter(({ type }) => type === 'fenced');
}

test('the pod is told with the fence that its child was at work, and not of one that stood still', async () => {
  expect(await ordersFor('R')).toEqual([{ type: 'fenced', worker: 'p.1', busy: true }]);
  expect(await ordersFor('T')).toEqual([{ type: 'fenced', worker: 'p.1' }]);
});
