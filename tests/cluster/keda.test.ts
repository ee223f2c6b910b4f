import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Api } from './support/api.ts';
import { lasting, offer, QUEUE } from './support/jobs.ts';
import { eventually, list, type Manifest } from './support/kubernetes.ts';
import { openLedger } from './support/ledger.ts';
import { install, releaseOf, remove } from './support/release.ts';
import { IMAGE } from './support/release-setup.ts';
import { run } from './support/shell.ts';

const JOBS = 3_000;
const MAX = 6;
const release = releaseOf('k', 'millrace-keda');
let api: Api;

async function hasKeda(): Promise<boolean> {
  const operator = [
    'kubectl',
    'get',
    'deployment',
    '--all-namespaces',
    '-l',
    'app=keda-operator',
    '-o',
    'name',
  ];
  const { code, stdout } = await run(operator);
  return code === 0 && stdout.trim() !== '';
}
const keda = await hasKeda();
const why = keda ? '' : ' (skipped: no KEDA operator runs in this cluster)';

/** Pods of the pool, those on their way out included: they still run jobs. */
async function pods(): Promise<Manifest[]> {
  const labels = `app.kubernetes.io/instance=${release.name},millrace.dev/pool=${QUEUE}`;
  return list('pod', release.namespace, labels);
}

async function wantedPods(): Promise<number> {
  const [deployment] = await list('deployment', release.namespace, `millrace.dev/pool=${QUEUE}`);
  return deployment?.spec.replicas ?? 0;
}

beforeAll(async () => {
  if (!keda) return;
  await remove(release);
  const scaling = `workerPools.${QUEUE}.autoscaling.keda`;
  const values = [
    `image.tag=${IMAGE.tag}`,
    'workerPools.default=null',
    `workerPools.${QUEUE}.concurrency=4`,
    `${scaling}.enabled=true`,
    `${scaling}.maxReplicas=${MAX}`,
    `${scaling}.cooldownPeriod=10`,
    `${scaling}.behavior.scaleDown.stabilizationWindowSeconds=15`,
  ];
  await install(release, ['--create-namespace', ...values.flatMap((value) => ['--set', value])]);
  api = await release.api();
});
afterAll(async () => {
  if (!keda) return;
  api?.close();
  await remove(release);
});

test.skipIf(!keda)(
  `KEDA takes a pool from zero to its maximum and back, and no job is cut short${why}`,
  async () => {
    const goesToZero = () =>
      eventually(
        'the pool has no pods',
        180_000,
        async () => (await wantedPods()) === 0 && (await pods()).length === 0,
      );
    await goesToZero();
    const ledger = await openLedger(api, QUEUE);
    const ids = await offer(api, 'sleeps', lasting(JOBS, 200));
    await eventually(
      'the pool has as many pods as it may',
      120_000,
      async () => (await wantedPods()) === MAX,
    );
    await eventually('every job has ended', 180_000, async () => {
      const { body } = await api.call('GET', `/v1/queues/${QUEUE}`);
      return body.counts.waiting + body.counts.active + body.counts.delayed === 0;
    });
    await goesToZero();
    const entries = await ledger.close(ids);
    // One start each, and its end a completion: nobody's pod was taken away under it.
    expect(entries.filter(({ outcome, start }) => outcome !== 'completed' || start !== 1)).toEqual([]);
    expect(entries).toHaveLength(JOBS);
  },
  600_000,
);
