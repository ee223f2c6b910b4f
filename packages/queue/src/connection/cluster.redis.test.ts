import { newStartId } from '@millrace/core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { jobs, type QueueBench, queueBench, until } from '../../../../tests/support/queue.ts';
import { uniquePrefix } from '../../../../tests/support/store.ts';
import { liveThrough } from '../../../../tests/support/store-life.ts';
import { type ClusterTopology, clusterTopology } from '../../../../tests/support/store-topologies.ts';

let cluster: ClusterTopology;
let bench: QueueBench;
beforeAll(async () => {
  cluster = await clusterTopology();
});
afterAll(() => cluster.close());
afterEach(() => bench.close());

/** A bench whose own connection goes to the first node, whatever that holds. */
function open(): QueueBench {
  const settings = { cluster: { nodes: cluster.nodes.slice(0, 1) }, prefix: `{${uniquePrefix()}}` };
  bench = queueBench('', { url: `redis://${cluster.nodes[0]}`, settings });
  return bench;
}

test('everything that Millrace does with a store works on a Cluster', async () => {
  await liveThrough(open());
});

test('whose connections a start has is asked of every node, and a suspect’s reads are cut where they are', async () => {
  // Prefixes of different slots, so that the reads stand on different nodes.
  for (let i = 0; i < 4; i++) {
    const { store, consumer } = open();
    const seen = await store('patient');
    const startId = newStartId('pod');
    const taking = consumer({ startId });
    await taking.start();
    const before = taking.activity().cycles;
    const count = async () => (await seen.supervision.connectionsOf([startId])).get(startId) ?? 0;
    await until(async () => (await count()) >= 2, 'both are seen');
    await until(
      async () => (await seen.supervision.cutBlockingOf(new Map([[startId, ['work']]]))) === 1,
      'its read is cut',
    );
    await seen.queue('work').add(jobs(1));
    await until(async () => (await seen.queue('work').snapshot()).counts.completed === 1, 'it takes on');
    expect(taking.activity().cycles).toBeGreaterThan(before);
    await taking.stop();
    await until(async () => (await count()) === 0, 'it is gone');
    await bench.close();
  }
});

test('jobs go on while their slot moves to another node: none lost, none twice', async () => {
  const { store, consumer, prefix } = open();
  const [api, patient] = [await store(), await store('patient')];
  await patient.queue('work').registerReader('count');
  await consumer().start();
  const accepted = new Set<string>();
  let adding = true;
  const adder = (async () => {
    while (adding) {
      const added = await api
        .queue('work')
        .add(jobs(5))
        .catch(() => null);
      if (added?.kind === 'accepted') for (const id of added.ids) accepted.add(id);
    }
  })();
  await until(() => accepted.size > 50, 'load runs');
  await cluster.moveSlotOf(`${prefix}:work:id`);
  const atMove = accepted.size;
  await until(() => accepted.size > atMove + 50, 'it goes on');
  adding = false;
  await adder;
  await until(async () => (await patient.queue('work').snapshot()).counts.active === 0, 'all ran');
  await until(async () => (await patient.queue('work').snapshot()).counts.waiting === 0, 'all ran');
  const { entries, gap } = await patient.queue('work').readLedger('count', null, 10_000);
  const done = entries.filter(({ outcome }) => outcome === 'completed').map(({ id }) => id);
  expect(gap).toBe(false);
  expect(new Set(done).size).toBe(done.length);
  expect([...accepted].filter((id) => !done.includes(id))).toEqual([]);
});

test('a node that is named as a single server is refused, and told what to write', async () => {
  bench = queueBench('', { url: `redis://${cluster.nodes[0]}` });
  const store = await bench.store('patient');
  await expect(store.check()).rejects.toMatchObject({
    code: 'store_unfit',
    message: expect.stringContaining('redis.cluster'),
  });
});
