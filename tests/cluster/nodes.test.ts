import { systemClock } from '@millrace/core';
import { afterEach, expect, test } from 'vitest';
import { type Api, openApi } from './support/api.ts';
import { linkNode, missing } from './support/commands.ts';
import { limitMs, tell } from './support/figures.ts';
import { handIn, lasting, recoveries, untilActive } from './support/jobs.ts';
import { eventually, find, kubectl, list, type Manifest } from './support/kubernetes.ts';
import { underLoad } from './support/load.ts';
import { NODES } from './support/release-setup.ts';
import { session } from './support/session.ts';
import { must } from './support/shell.ts';
import { busyWorkers, chaosPods } from './support/workers.ts';

const { release } = session();
/** What the chart sets by default, and what a death by silence may take beyond it. */
const HANG_LIMIT_MS = 5_000;
const BEYOND_MS = 250;
const A_PODS_SLOTS = 16;
/** A death by silence dates from the last beat that was heard. */
const SILENT_MS = 10_000;
let line: Api | undefined;
afterEach(() => line?.close());

const isAlone = async () => (await list('node', release.namespace)).length < 2;
const onNode = ({ spec }: Manifest) => spec.nodeName === NODES.falls;

/** Through the producer that stays: a forwarded port ends with its pod. */
async function open(): Promise<Api> {
  const stays = (await release.pods('producer')).find(({ spec }) => spec.nodeName === NODES.stays);
  line = openApi(release.namespace, `pod/${stays.metadata.name}`, await release.token('admin'));
  return line;
}

/** The node that falls runs one pod at least of the pool, and the other one a producer. */
async function spread(): Promise<void> {
  const [pod] = await chaosPods(release);
  if ((await chaosPods(release)).some(onNode)) return;
  await kubectl('cordon', NODES.stays);
  try {
    await kubectl('-n', release.namespace, 'delete', 'pod', pod.metadata.name);
    await release.settled(120_000);
  } finally {
    await kubectl('uncordon', NODES.stays);
  }
}

const drain = () =>
  must(
    [
      ...['kubectl', 'drain', NODES.falls, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=90s'],
      `--pod-selector=app.kubernetes.io/instance=${release.name}`,
    ],
    undefined,
    120_000,
  );

test('a node is drained: no job fails, none loses an attempt', async (context) => {
  context.skip(await isAlone(), 'the cluster has one node');
  await spread();
  const api = await open();
  await underLoad(release, 20, async () => {
    const batch = await handIn(api, 'sleeps', lasting(200, 500));
    await untilActive(api, 8);
    try {
      await drain();
      await batch.allWell();
    } finally {
      await kubectl('uncordon', NODES.falls);
    }
  });
  await release.settled(120_000);
});

const nodeIsReady = () =>
  eventually('the node is ready again', 90_000, async () => {
    const { status } = await find('node', NODES.falls, release.namespace);
    return status.conditions.some(
      (condition: Manifest) => condition.type === 'Ready' && condition.status === 'True',
    );
  });

/** What the worker process said when it learned that it had been declared dead. */
const isFenced = ({ id, host }: Manifest) =>
  eventually(`${id} says that it is fenced off`, 60_000, async () => {
    const said = await kubectl('-n', release.namespace, 'logs', host, '--tail=400');
    return said.split('\n').some((text) => text.includes(id) && text.includes('fenced'));
  });

test.skipIf(missing('CLUSTER_LINK'))(
  'a node is cut off: its jobs start elsewhere after the hang limit, and its zombies are fenced when it returns',
  async (context) => {
    context.skip(await isAlone(), 'the cluster has one node');
    await spread();
    const api = await open();
    await underLoad(release, 12, async () => {
      // As many as one pod runs at once: whatever falls finds room on the other.
      const batch = await handIn(api, 'sleeps', lasting(A_PODS_SLOTS, 20_000));
      await untilActive(api, A_PODS_SLOTS);
      const fallen = new Set((await chaosPods(release)).filter(onNode).map(({ metadata }) => metadata.name));
      const cut = (await busyWorkers(api, release)).filter(({ host }) => fallen.has(host));
      expect(cut).not.toEqual([]);
      const sinceMs = systemClock.nowMs();
      await linkNode(2, 'down');
      try {
        const found = await recoveries(api, sinceMs - SILENT_MS, cut.length, 40_000);
        const ours = found.filter(({ id }) => cut.some((worker) => worker.id === id));
        expect(ours).toHaveLength(cut.length);
        const restartedMs = ours.map(
          ({ diedAtMs, lastOrphanMs }) => diedAtMs + (lastOrphanMs ?? 0) - sinceMs,
        );
        tell('a cut node’s last orphan restarted', Math.max(...restartedMs));
        // The control plane needs about 50 s.
        expect(Math.max(...restartedMs)).toBeLessThan(limitMs(HANG_LIMIT_MS + BEYOND_MS, 15_000));
      } finally {
        await linkNode(2, 'up');
      }
      await Promise.all(cut.map(isFenced));
      await batch.allWell(120_000);
    });
    await nodeIsReady();
    await release.settled(180_000);
  },
);
