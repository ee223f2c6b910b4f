import { expect, test } from 'vitest';
import { missing, signalPod } from './support/commands.ts';
import { handIn, lasting, QUEUE, untilActive } from './support/jobs.ts';
import { eventually, kubectl, list, type Manifest } from './support/kubernetes.ts';
import { underLoad } from './support/load.ts';
import { session } from './support/session.ts';
import { chaosPods } from './support/workers.ts';

const { release, api } = session();
const COST = 'controller.kubernetes.io/pod-deletion-cost';

const scale = (replicas: number) =>
  kubectl(
    ...['-n', release.namespace, 'scale', `deployment/${release.fullname}-worker-${QUEUE}`],
    `--replicas=${replicas}`,
  );

/** Pods that run a job of the pool's now. */
async function busyPods(): Promise<ReadonlySet<string>> {
  const { body } = await api.call('GET', '/v1/workers');
  const busy = body.workers.filter(({ busy: n, queues }: Manifest) => n > 0 && queues.includes(QUEUE));
  return new Set(busy.map(({ host }: Manifest) => host));
}

/** The desired number is below six, and the busy pods cost more than the idle ones. */
const isMarked = (busy: ReadonlySet<string>) =>
  eventually('the busy pods are marked', 60_000, async () => {
    const { body: scaling } = await api.call('GET', `/v1/scaling/${QUEUE}`);
    const cost = ({ metadata }: Manifest) => Number(metadata.annotations?.[COST] ?? 0);
    const pods = await chaosPods(release);
    const costs = pods.filter(({ metadata }) => busy.has(metadata.name)).map(cost);
    const idle = pods.filter(({ metadata }) => !busy.has(metadata.name)).map(cost);
    return scaling.desired < 6 && Math.min(...costs) > Math.max(...idle);
  });

/** Does something while the store answers nobody; with no way to stop it, while it does. */
async function withStoreAway(what: () => Promise<void>): Promise<void> {
  if (missing('CLUSTER_SIGNAL')) return what();
  const [store] = await list('pod', release.namespace, 'app.kubernetes.io/component=store');
  await signalPod('STOP', store.metadata.name, release.namespace);
  try {
    await what();
  } finally {
    await signalPod('CONT', store.metadata.name, release.namespace);
  }
}

test('a pool shrinks from 6 to 2 while the store is away: the two busy pods stay', async () => {
  await scale(6);
  await eventually('six pods serve', 120_000, async () => {
    const pods = await chaosPods(release);
    return pods.length === 6 && pods.every(({ status }) => status.containerStatuses?.[0]?.ready);
  });
  await release.settled(120_000);
  await underLoad(release, 8, async () => {
    // As many as two pods run at once, for long enough that the pool has shrunk meanwhile.
    const batch = await handIn(api, 'sleeps', lasting(2, 40_000));
    await untilActive(api, 2);
    const busy = await busyPods();
    await isMarked(busy);
    await withStoreAway(async () => {
      await scale(2);
      await eventually('two pods are left', 60_000, async () => (await chaosPods(release)).length === 2);
    });
    const left = (await chaosPods(release)).map(({ metadata }) => metadata.name);
    for (const name of busy) expect(left).toContain(name);
    await batch.allWell();
  });
});
