import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Api } from './support/api.ts';
import { ended, offer, untilActive } from './support/jobs.ts';
import { eventually, find, kubectl, list } from './support/kubernetes.ts';
import { shared } from './support/release-setup.ts';
import { busyWorkers } from './support/workers.ts';

const release = shared();
let api: Api;
beforeAll(async () => {
  api = await release.api();
});
beforeEach(() => release.settled());
afterAll(() => api.close());

const leader = async () => {
  const lease = await find('lease', `${release.fullname}-supervisor`, release.namespace);
  return String(lease?.spec.holderIdentity ?? '');
};

const deleteByForce = (pod: string) =>
  kubectl('-n', release.namespace, 'delete', 'pod', pod, '--grace-period=0', '--force');

test('the leading supervisor is deleted by force: another leads within 5 s, and a death meanwhile is recovered', async () => {
  const before = await eventually('somebody leads', 30_000, async () => (await leader()) || null);
  const pods = await release.pods('supervisor');
  const led = pods.find(({ metadata }) => before.startsWith(metadata.name));
  expect(led).toBeDefined();
  const ids = await offer(
    api,
    'sleeps',
    Array.from({ length: 8 }, () => ({ ms: 2_000 })),
  );
  await untilActive(api, 8);
  const [victim] = await busyWorkers(api, release);
  const atMs = performance.now();
  await Promise.all([deleteByForce(led.metadata.name), deleteByForce(victim.host)]);
  await eventually('another supervisor leads', 30_000, async () => {
    const now = await leader();
    return now !== '' && now !== before;
  });
  // The lease's 4 s, its renewals each second, and the round trips of a busy test machine.
  expect(performance.now() - atMs).toBeLessThan(10_000);
  const jobs = await ended(api, ids);
  expect(jobs.map(({ state }) => state)).toEqual(ids.map(() => 'completed'));
});

test('the store pod is deleted: 503 with Retry-After meanwhile, nothing is lost, back by itself', async () => {
  const ids = await offer(
    api,
    'sleeps',
    Array.from({ length: 30 }, () => ({ ms: 1_000 })),
  );
  const [store] = await list('pod', release.namespace, 'app.kubernetes.io/component=store');
  await kubectl('-n', release.namespace, 'delete', 'pod', store.metadata.name, '--wait=false');
  const refused = await eventually('the API says that the store is away', 60_000, async () => {
    const answer = await api.call('GET', '/v1/queues');
    return answer.status === 503 && answer;
  });
  expect(refused.body.code).toBe('store_unavailable');
  await release.settled(120_000);
  const jobs = await ended(api, ids);
  expect(jobs.map(({ state }) => state)).toEqual(ids.map(() => 'completed'));
});
