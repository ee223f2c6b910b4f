import { newStartId, type Recovery, silentLog, systemClock } from '@millrace/core';
import { createLink } from '@millrace/supervision';
import { Redis } from 'ioredis';
import { afterEach, expect, test } from 'vitest';
import { leastAclRules } from '../../../packages/queue/src/connection/rights.ts';
import { makeUser } from '../../../tests/support/least-user.ts';
import { gate, jobs, queueBench, until } from '../../../tests/support/queue.ts';
import { testStore, uniquePrefix } from '../../../tests/support/store.ts';
import { createUnmanagedCluster } from './cluster/local-cluster.ts';
import { createSupervisor } from './supervisor.ts';

const [clock, log, key] = [systemClock, silentLog, 'a shared key'];
const limits = 'supervision: {linkPort: 0, healthPort: 0, beatMs: 50, suspectMs: 300, hangLimitMs: 3000}';
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A supervisor on a store whose user has these rights, and how it knew that a worker had died of whom nobody reports. */
async function deathOfOneUnreported(rulesOf: (prefix: string) => string[]): Promise<Recovery> {
  const { url } = testStore();
  const [admin, prefix] = [new Redis(url), uniquePrefix()];
  const user = await makeUser(admin, prefix, rulesOf(prefix));
  const { username, passwordFile } = user;
  const bench = queueBench(limits, { url, settings: { url, username, passwordFile, prefix } });
  stops.push(async () => {
    await bench.close();
    await user.remove();
    admin.disconnect();
  });
  const store = await bench.store('patient');
  await store.board.addQueueName('work');
  const cluster = createUnmanagedCluster();
  const supervisor = createSupervisor(bench.config, { clock, log, key, cluster, pid: process.pid });
  stops.push(supervisor.stop);
  await supervisor.start();

  const id = newStartId('pod-a');
  const hello = () => ({
    ...{ kind: 'worker' as const, id, pod: 'pod-a', slot: 0, pid: 4242, host: 'here', queues: ['work'] },
    ...{ concurrency: 2, standby: false, startedAtMs: clock.nowMs(), capabilities: [] },
  });
  const addresses = [`127.0.0.1:${supervisor.ports.link}`];
  const link = createLink({ addresses, key, hello, onOrder: () => undefined }, { clock, log });
  stops.push(link.stop);
  const handler = gate();
  const consumer = bench.consumer({ startId: id, concurrency: 2, run: handler.run });
  await link.start();
  await consumer.start();
  await until(() => link.connected === 1, 'the worker is linked');
  await store.queue('work').add(jobs(2));
  await until(() => handler.started.size === 2, 'it is at work');
  await Promise.all([link.stop(), consumer.stop()]);
  let found: Recovery | undefined;
  await until(async () => {
    found = (await store.board.recoveries(10)).find((recovery) => recovery.id === id);
    return found !== undefined;
  }, 'it is recovered');
  return found as Recovery;
}

test('a worker of whom nobody reports is known to be dead by its link and its connections', async () => {
  const { certificate } = await deathOfOneUnreported((prefix) => leastAclRules(prefix, false));
  expect(certificate.evidence.map(({ kind }) => kind)).toEqual(['link-closed', 'store-gone']);
});

test('without the right to list connections it is known after the hang limit, by its silence', async () => {
  const { certificate } = await deathOfOneUnreported((prefix) => leastAclRules(prefix, false, false));
  expect(certificate.evidence.map(({ kind }) => kind)).toContain('beats-missed');
  expect(certificate.evidence.map(({ kind }) => kind)).not.toContain('store-gone');
});
