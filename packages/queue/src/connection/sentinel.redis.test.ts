import { isMillraceError } from '@millrace/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { jobs, type QueueBench, queueBench, until } from '../../../../tests/support/queue.ts';
import { liveThrough } from '../../../../tests/support/store-life.ts';
import { type SentinelTopology, sentinelTopology } from '../../../../tests/support/store-topologies.ts';
import type { BoundedQueue } from '../types/queue.ts';

let sentinels: SentinelTopology;
let bench: QueueBench;
beforeEach(async () => {
  sentinels = await sentinelTopology();
  const { name, nodes } = sentinels;
  const url = `redis://127.0.0.1:${sentinels.master.port}`;
  bench = queueBench('', { url, settings: { sentinel: { name, nodes } } });
});
afterEach(async () => {
  await bench.close();
  await sentinels.close();
});

/** Adds jobs one after another until it is stopped; an outcome that is unknown is asked for again under its key. */
function load(queue: BoundedQueue) {
  const accepted = new Set<string>();
  let refusals = 0;
  let running = true;
  const over = (async () => {
    for (let n = 0; running; ) {
      try {
        const added = await queue.add(jobs(2), { key: `k${n}`, bodyHash: 'h' });
        if (added.kind !== 'accepted') throw new Error(`not accepted: ${added.kind}`);
        for (const id of added.ids) accepted.add(id);
        n += 1;
      } catch (error) {
        if (!isMillraceError(error, 'store_unavailable')) throw error;
        refusals += 1;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  })();
  return {
    accepted,
    refusals: () => refusals,
    async stop() {
      running = false;
      await over;
    },
  };
}

test('everything that Millrace does with a store works behind Sentinels', async () => {
  await liveThrough(bench);
});

test.each([
  ['killed', () => sentinels.master.kill()],
  ['frozen', async () => sentinels.master.signal('SIGSTOP')],
])(
  'a master that is %s under load: its replica takes over, and no accepted job is lost',
  async (_, fault) => {
    const [api, patient] = [await bench.store(), await bench.store('patient')];
    await patient.queue('work').registerReader('count');
    await bench.consumer().start();
    const { accepted, refusals, stop } = load(api.queue('work'));
    await until(() => accepted.size > 100, 'load runs');
    await fault();
    await until(async () => (await sentinels.masterPort()) === sentinels.replica.port, 'the replica leads');
    const atFailover = accepted.size;
    await until(() => accepted.size > atFailover + 100, 'load goes on');
    await stop();
    const done = new Set<string>();
    await until(async () => {
      const { entries } = await patient.queue('work').readLedger('count', null, 10_000);
      for (const { id, outcome } of entries) if (outcome === 'completed') done.add(id);
      return [...accepted].every((id) => done.has(id));
    }, 'every accepted job is done');
    expect(refusals()).toBeGreaterThan(0);
  },
);
