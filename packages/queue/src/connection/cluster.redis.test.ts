import { newStartId } from '@millrace/core';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { makeUser } from '../../../../tests/support/least-user.ts';
import { jobs, type QueueBench, queueBench, until } from '../../../../tests/support/queue.ts';
import { offerSteadily, watchLedger } from '../../../../tests/support/steady-load.ts';
import { uniquePrefix } from '../../../../tests/support/store.ts';
import { liveThrough } from '../../../../tests/support/store-life.ts';
import {
  type ClusterTopology,
  clusterTopology,
  holdReplicated,
} from '../../../../tests/support/store-topologies.ts';
import { leastAclRules } from './rights.ts';

/** A failover takes about four seconds on a quiet machine. */
const LONG_MS = 60_000;

let cluster: ClusterTopology;
let bench: QueueBench;
beforeAll(async () => {
  cluster = await clusterTopology();
});
afterAll(() => cluster.close());
afterEach(() => bench.close());

/** The test's own connection goes to the first node, whatever that holds; one node is named, the others are found. */
function benchOn({ nodes }: ClusterTopology) {
  const settings = { cluster: { nodes: nodes.slice(0, 1) }, prefix: `{${uniquePrefix()}}` };
  return { url: `redis://${nodes[0]}`, settings };
}

function open(): QueueBench {
  bench = queueBench('', benchOn(cluster));
  return bench;
}

test('everything that Millrace does with a store works on a Cluster', async () => {
  await liveThrough(open());
});

test('everything works for the least user of a Cluster', async () => {
  const prefix = `{${uniquePrefix()}}`;
  const nodes = cluster.nodes.map((node) => new Redis(`redis://${node}`));
  const first = await makeUser(nodes[0] as Redis, prefix, leastAclRules(prefix, true));
  for (const node of nodes.slice(1)) {
    const rules = ['on', `>${first.password}`, ...leastAclRules(prefix, true)];
    await node.call('ACL', 'SETUSER', first.username, ...rules);
  }
  const { username, passwordFile } = first;
  const { url, settings } = benchOn(cluster);
  bench = queueBench('', { url, settings: { ...settings, prefix, username, passwordFile } });
  await liveThrough(bench);
  for (const node of nodes) node.disconnect();
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
    // A look at one node would miss them now and then.
    for (let look = 0; look < 20; look++) expect(await count()).toBeGreaterThanOrEqual(2);
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
  const ledger = await watchLedger(patient, 'work');
  await consumer().start();
  const { accepted, stop } = offerSteadily(api.queue('work'));
  await until(() => accepted.size > 50, 'load runs');
  await cluster.moveSlotOf(`${prefix}:work:id`);
  const atMove = accepted.size;
  await until(() => accepted.size > atMove + 50, 'it goes on');
  await stop();
  await ledger.untilDone(accepted);
  expect(new Set(ledger.completions()).size).toBe(ledger.completions().length);
});

test('a master that is killed under load: its replica takes over, and no accepted job is lost', {
  timeout: 120_000,
}, async () => {
  const own = await clusterTopology(true);
  try {
    bench = queueBench('', benchOn(own));
    const [api, patient] = [await bench.store(), await bench.store('patient')];
    const ledger = await watchLedger(patient, 'work');
    await bench.consumer().start();
    const { accepted, stop } = offerSteadily(api.queue('work'));
    await until(() => accepted.size > 50, 'load runs');
    const master = await own.masterOf(`${bench.prefix}:work:id`);
    await holdReplicated(master);
    await master.kill();
    const atKill = accepted.size;
    await until(() => accepted.size > atKill + 50, 'it goes on', LONG_MS);
    await stop();
    await ledger.untilDone(accepted);
    await bench.close();
  } finally {
    await own.close();
  }
});

test('a node that is named as a single server is refused, and told what to write', async () => {
  bench = queueBench('', { url: `redis://${cluster.nodes[0]}` });
  const store = await bench.store('patient');
  await expect(store.check()).rejects.toMatchObject({
    code: 'store_unfit',
    message: expect.stringContaining('redis.cluster'),
  });
});
