import { Redis } from 'ioredis';
import { afterEach, expect, test, vi } from 'vitest';
import { leastAclRules } from '../../packages/queue/src/connection/rights.ts';
import { makeUser } from '../support/least-user.ts';
import { startPlatform, type TestPlatform } from '../support/platform.ts';
import type { BenchStore } from '../support/queue.ts';
import { until } from '../support/queue.ts';
import { uniquePrefix } from '../support/store.ts';
import { clusterTopology, sentinelTopology } from '../support/store-topologies.ts';

// A dozen processes start in a test; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 180_000 });

const yaml = (linkPort: number) => `
worker: {processes: 2, standby: 0, healthPort: 0, cpuThreads: 1, concurrency: 4}
supervision: {linkPort: ${linkPort}, healthPort: 0}
drain: {timeoutMs: 2000, noticeMs: 500}
`;

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A Cluster whose user has the least rights, made on each of its nodes. */
async function clusterWithLeastUser(): Promise<BenchStore> {
  const cluster = await clusterTopology();
  stops.push(cluster.close);
  const prefix = `{${uniquePrefix()}}`;
  const rules = leastAclRules(prefix, true);
  const [first, ...others] = cluster.nodes.map((node) => new Redis(`redis://${node}`)) as [Redis, ...Redis[]];
  const { username, password, passwordFile } = await makeUser(first, prefix, rules);
  for (const node of others) await node.call('ACL', 'SETUSER', username, 'on', `>${password}`, ...rules);
  for (const node of [first, ...others]) node.disconnect();
  const settings = { cluster: { nodes: cluster.nodes }, prefix, username, passwordFile };
  return { url: `redis://${cluster.nodes[0]}`, settings };
}

async function sentinels(): Promise<BenchStore> {
  const { name, nodes, master, close } = await sentinelTopology();
  stops.push(close);
  return { url: `redis://127.0.0.1:${master.port}`, settings: { sentinel: { name, nodes } } };
}

/** One worker dies at work. */
async function aDeath(platform: TestPlatform): Promise<void> {
  await platform.running(2);
  const ids = await platform.add('slow', 'wait', { ms: 60_000 }, 2);
  const holderOf = async (id: string) =>
    (await platform.store.queue('slow').job(id))?.attempts.at(-1)?.worker;
  await until(async () => (await Promise.all(ids.map(holderOf))).every(Boolean), 'the jobs run', 60_000);
  const [id] = ids as [string, string];
  const holder = await holderOf(id);
  const victim = (await platform.workers()).find((worker) => worker.id === holder);
  process.kill(victim?.pid ?? 0, 'SIGKILL');
  const recovery = await platform.recovered(holder ?? '');
  expect(recovery.orphans.slow).toContain(id);
  await until(async () => (await holderOf(id)) !== holder, 'it runs elsewhere', 60_000);
  await platform.running(2);
}

test.each([
  ['on a Cluster, as the least user', clusterWithLeastUser],
  ['behind Sentinels', sentinels],
])('supervisor and workers live %s; a killed worker’s jobs go on', async (_, open) => {
  const platform = await startPlatform(yaml, { store: await open() });
  stops.push(platform.close);
  await aDeath(platform);
});
