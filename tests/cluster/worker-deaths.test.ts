import { systemClock } from '@millrace/core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Api } from './support/api.ts';
import { missing, signalPod } from './support/commands.ts';
import { ended, offer, recoveries, untilActive } from './support/jobs.ts';
import { eventually, kubectl, type Manifest } from './support/kubernetes.ts';
import { shared } from './support/release-setup.ts';
import { busyWorkers, chaosPods } from './support/workers.ts';

const release = shared();
let api: Api;
beforeAll(async () => {
  api = await release.api();
});
beforeEach(() => release.settled());
afterAll(() => api.close());

/** Jobs of two seconds that fill half of the pool, and the pod that holds the most of them. */
async function busyPool(count: number) {
  const ids = await offer(
    api,
    'sleeps',
    Array.from({ length: count }, () => ({ ms: 2_000 })),
  );
  await untilActive(api, count);
  const [victim] = await busyWorkers(api, release);
  return { ids, victim };
}

/** Each job has ended well, and none has lost an attempt. */
async function allDone(ids: readonly string[]): Promise<void> {
  const jobs = await ended(api, ids);
  expect(jobs.filter(({ state }) => state !== 'completed')).toEqual([]);
  expect(Math.max(...jobs.map(({ attemptsMade }) => attemptsMade))).toBe(1);
}

test.skipIf(missing('CLUSTER_SIGNAL'))(
  'the container of a worker pod is killed: its jobs start elsewhere at once, the pod comes back by itself',
  async () => {
    const { ids, victim } = await busyPool(12);
    const sinceMs = systemClock.nowMs();
    const [pod] = (await chaosPods(release)).filter(({ metadata }) => metadata.name === victim.host);
    await signalPod('KILL', pod.metadata.name, release.namespace);
    const [recovery] = await recoveries(api, sinceMs - 1_000, 1);
    expect(recovery.lastOrphanMs).toBeLessThan(3_000);
    await allDone(ids);
    const back = await eventually('its container runs again', 60_000, async () => {
      const again = (await chaosPods(release)).find(({ metadata }) => metadata.name === pod.metadata.name);
      const [status] = again?.status.containerStatuses ?? [];
      return status?.restartCount > 0 && status.ready && status;
    });
    expect(back.lastState.terminated.exitCode).toBe(137);
    const certified = await eventually('the certificate tells how the container ended', 30_000, async () => {
      const { body } = await api.call('GET', '/v1/recoveries?limit=20');
      return body.recoveries.find(
        ({ certificate, diedAtMs }: Manifest) =>
          diedAtMs >= sinceMs - 1_000 &&
          certificate.evidence.some(
            ({ kind, detail = '' }: Manifest) => kind === 'pod-terminated' && /137|SIGKILL/.test(detail),
          ),
      );
    });
    expect(certified.certificate.blame).not.toBe('jobs');
  },
);

test('a worker pod is deleted by force: nothing is lost', async () => {
  const { ids, victim } = await busyPool(12);
  await kubectl('-n', release.namespace, 'delete', 'pod', victim.host, '--grace-period=0', '--force');
  await allDone(ids);
});

test('a worker pod is deleted as a rollout does: its jobs finish or go back, no attempt is lost', async () => {
  const { ids, victim } = await busyPool(12);
  await kubectl('-n', release.namespace, 'delete', 'pod', victim.host, '--wait=false');
  await allDone(ids);
});
