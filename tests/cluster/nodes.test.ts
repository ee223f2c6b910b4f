import { systemClock } from '@millrace/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Api, openApi } from './support/api.ts';
import { linkNode, missing } from './support/commands.ts';
import { ended, offer, recoveries, untilActive } from './support/jobs.ts';
import { eventually, kubectl, list, type Manifest } from './support/kubernetes.ts';
import { NODES, shared } from './support/release-setup.ts';
import { must } from './support/shell.ts';
import { busyWorkers, chaosPods } from './support/workers.ts';

const release = shared();
let line: Api | undefined;
beforeEach(() => release.settled());
afterEach(() => line?.close());

const isAlone = async () => (await list('node', release.namespace)).length < 2;
const onNode = ({ spec }: Manifest) => spec.nodeName === NODES.falls;

/** Through the producer that stays: a forwarded port ends with its pod. */
async function open(): Promise<Api> {
  const stays = (await release.pods('producer')).find(({ spec }) => spec.nodeName === NODES.stays);
  line = openApi(release.namespace, `pod/${stays.metadata.name}`, await release.token('admin'));
  return line;
}

/** Some pods of every component that has several are on the node that falls. */
async function spread(): Promise<void> {
  const workers = await release.pods('worker');
  if (workers.some(onNode)) return;
  await kubectl('-n', release.namespace, 'rollout', 'restart', 'deployment');
  await release.settled(180_000);
}

test('a node is drained: no job fails, none loses an attempt', async (context) => {
  context.skip(await isAlone(), 'the cluster has one node');
  await spread();
  const api = await open();
  const ids = await offer(
    api,
    'sleeps',
    Array.from({ length: 200 }, () => ({ ms: 500 })),
  );
  await untilActive(api, 8);
  try {
    await must(
      [
        'kubectl',
        'drain',
        NODES.falls,
        '--ignore-daemonsets',
        '--delete-emptydir-data',
        '--timeout=90s',
        `--pod-selector=app.kubernetes.io/instance=${release.name}`,
      ],
      undefined,
      120_000,
    );
    const jobs = await ended(api, ids);
    expect(jobs.filter(({ state }) => state !== 'completed')).toEqual([]);
    expect(Math.max(...jobs.map(({ attemptsMade }) => attemptsMade))).toBe(1);
  } finally {
    await kubectl('uncordon', NODES.falls);
  }
  await release.settled(120_000);
});

test.skipIf(missing('CLUSTER_LINK'))(
  'a node is cut off: its jobs start elsewhere after the hang limit, and its zombies are fenced when it returns',
  async (context) => {
    context.skip(await isAlone(), 'the cluster has one node');
    await spread();
    const api = await open();
    const ids = await offer(
      api,
      'sleeps',
      Array.from({ length: 60 }, () => ({ ms: 3_000 })),
    );
    await untilActive(api, 12);
    const names = new Set((await chaosPods(release)).filter(onNode).map(({ metadata }) => metadata.name));
    const cut = (await busyWorkers(api, release)).filter(({ host }) => names.has(host));
    const sinceMs = systemClock.nowMs();
    await linkNode(2, 'down');
    try {
      if (cut.length > 0) {
        const found = await recoveries(api, sinceMs - 10_000, cut.length, 40_000);
        const ours = found.filter(({ id }) => cut.some((worker: Manifest) => worker.id === id));
        expect(ours).toHaveLength(cut.length);
        const restartedMs = ours.map(
          ({ diedAtMs, lastOrphanMs }) => diedAtMs + (lastOrphanMs ?? 0) - sinceMs,
        );
        // The control plane needs about 50 s; the hang limit is 5 s.
        expect(Math.max(...restartedMs)).toBeLessThan(15_000);
      }
      const jobs = await ended(api, ids, 120_000);
      expect(jobs.map(({ state }) => state)).toEqual(ids.map(() => 'completed'));
    } finally {
      await linkNode(2, 'up');
    }
    await eventually('the node is ready again', 90_000, async () => {
      const [node] = (await list('node', release.namespace)).filter(
        ({ metadata }) => metadata.name === NODES.falls,
      );
      return node.status.conditions.some(
        ({ type, status }: Manifest) => type === 'Ready' && status === 'True',
      );
    });
    await release.settled(180_000);
  },
);
