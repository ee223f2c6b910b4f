import { systemClock } from '@millrace/core';
import { expect, test } from 'vitest';
import { missing, signalPod } from './support/commands.ts';
import { handIn, lasting, recoveries, untilActive } from './support/jobs.ts';
import { eventually, kubectl, type Manifest } from './support/kubernetes.ts';
import { underLoad } from './support/load.ts';
import { session } from './support/session.ts';
import { busyWorkers, chaosPods } from './support/workers.ts';

const { release, api } = session();

/** Jobs of two seconds that fill half of the pool, and the worker that holds the most of them. */
async function busyPool(count = 12) {
  const batch = await handIn(api, 'sleeps', lasting(count, 2_000));
  await untilActive(api, count);
  const [victim] = await busyWorkers(api, release);
  return { batch, victim };
}

/** The container of the pod, started again and ready. */
const comesBack = (pod: string) =>
  eventually('its container runs again', 60_000, async () => {
    const again = (await chaosPods(release)).find(({ metadata }) => metadata.name === pod);
    const [status] = again?.status.containerStatuses ?? [];
    return status?.restartCount > 0 && status.ready && status;
  });

test.skipIf(missing('CLUSTER_SIGNAL'))(
  'the container of a worker pod is killed: its jobs start elsewhere at once, the pod comes back by itself',
  () =>
    underLoad(release, 12, async () => {
      const { batch, victim } = await busyPool();
      const sinceMs = systemClock.nowMs() - 1_000;
      await signalPod('KILL', victim.host, release.namespace);
      const [recovery] = await recoveries(api, sinceMs, 1);
      expect(recovery.lastOrphanMs).toBeLessThan(3_000);
      await batch.allWell();
      const back = await comesBack(victim.host);
      expect(back.lastState.terminated.exitCode).toBe(137);
      const certified = await eventually(
        'the certificate tells how the container ended',
        30_000,
        async () => {
          const { body } = await api.call('GET', '/v1/recoveries?limit=20');
          return body.recoveries.find(
            ({ certificate, diedAtMs }: Manifest) =>
              diedAtMs >= sinceMs &&
              certificate.evidence.some(
                ({ kind, detail = '' }: Manifest) => kind === 'pod-terminated' && /137|SIGKILL/.test(detail),
              ),
          );
        },
      );
      expect(certified.certificate.blame).not.toBe('jobs');
    }),
);

test.each([
  ['by force', ['--grace-period=0', '--force']],
  ['as a rollout does', ['--wait=false']],
])('a worker pod is deleted %s: its jobs finish or go back, none is lost', (_, how) =>
  underLoad(release, 8, async () => {
    const { batch, victim } = await busyPool();
    await kubectl('-n', release.namespace, 'delete', 'pod', victim.host, ...how);
    await batch.allWell();
  }),
);
