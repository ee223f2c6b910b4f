import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Api } from './support/api.ts';
import { ended, offer, QUEUE, untilActive } from './support/jobs.ts';
import { eventually, kubectl, type Manifest } from './support/kubernetes.ts';
import { shared } from './support/release-setup.ts';

const release = shared();
const COST = 'controller.kubernetes.io/pod-deletion-cost';
let api: Api;
beforeAll(async () => {
  api = await release.api();
});
beforeEach(() => release.settled());
afterAll(() => api.close());

const deployment = `deployment/${release.fullname}-worker-${QUEUE}`;
const poolPods = async () =>
  (await release.pods('worker')).filter(({ metadata }) => metadata.labels['millrace.dev/pool'] === QUEUE);
const scale = (replicas: number) =>
  kubectl('-n', release.namespace, 'scale', deployment, `--replicas=${replicas}`);

test('a pool shrinks from 6 to 2: the two busy pods stay', async () => {
  await scale(6);
  await eventually('six pods serve', 120_000, async () => {
    const pods = await poolPods();
    return pods.length === 6 && pods.every(({ status }) => status.containerStatuses?.[0]?.ready);
  });
  await release.settled(120_000);
  // As many as two pods run at once, for long enough that the pool has shrunk meanwhile.
  const ids = await offer(
    api,
    'sleeps',
    Array.from({ length: 2 }, () => ({ ms: 40_000 })),
  );
  await untilActive(api, 2);
  const { body } = await api.call('GET', '/v1/workers');
  const busy = new Set<string>(
    body.workers
      .filter(({ busy: n, queues }: Manifest) => n > 0 && queues.includes(QUEUE))
      .map(({ host }: Manifest) => host),
  );
  await eventually(
    'the desired number is below six, and the busy pods cost more than the idle ones',
    60_000,
    async () => {
      const { body: scaling } = await api.call('GET', `/v1/scaling/${QUEUE}`);
      const cost = ({ metadata }: Manifest) => Number(metadata.annotations?.[COST] ?? 0);
      const pods = await poolPods();
      const costs = pods.filter(({ metadata }) => busy.has(metadata.name)).map(cost);
      const idle = pods.filter(({ metadata }) => !busy.has(metadata.name)).map(cost);
      return scaling.desired < 6 && Math.min(...costs) > Math.max(...idle);
    },
  );
  await scale(2);
  await eventually('two pods are left', 60_000, async () => (await poolPods()).length === 2);
  const left = (await poolPods()).map(({ metadata }) => metadata.name);
  for (const name of busy) expect(left).toContain(name);
  const jobs = await ended(api, ids);
  expect(jobs.map(({ state, attemptsMade }) => `${state} ${attemptsMade}`)).toEqual(
    ids.map(() => 'completed 1'),
  );
});
