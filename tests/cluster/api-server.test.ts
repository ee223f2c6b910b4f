import { systemClock } from '@millrace/core';
import { expect, test } from 'vitest';
import { type Api, openInside } from './support/api.ts';
import { missing, signalPod, signalServer } from './support/commands.ts';
import { limitMs, tell } from './support/figures.ts';
import { handIn, lasting, recoveries, untilActive } from './support/jobs.ts';
import { eventually, kubectl, type Manifest } from './support/kubernetes.ts';
import { underLoad } from './support/load.ts';
import { session } from './support/session.ts';
import { chaosPods } from './support/workers.ts';

const { release } = session();
/** Long enough that every watch has ended and every renewal of the Lease has failed. */
const AWAY_MS = 60_000;

async function inside(): Promise<Api> {
  const of = ['-n', release.namespace, 'get', 'svc', `${release.fullname}-producer`];
  const address = await kubectl(...of, '-o', 'jsonpath={.spec.clusterIP}');
  return openInside(`http://${address.trim()}:8080`, await release.token('admin'));
}

/** What the pools have used of their restart budgets. */
async function used(api: Api): Promise<readonly number[]> {
  const { body } = await api.call('GET', '/v1/pools');
  return body.pools.map(({ restarts }: Manifest) => restarts.used);
}

/** Kills a worker process that runs jobs of the pool; resolves once they run elsewhere. */
async function killBusyWorker(api: Api, pods: ReadonlySet<string>): Promise<void> {
  const busy: Manifest = await eventually('a worker of the pool tells that it is busy', 20_000, async () => {
    const { body } = await api.call('GET', '/v1/workers');
    return body.workers.find(({ busy: jobs, host }: Manifest) => jobs > 0 && pods.has(host)) ?? null;
  });
  const sinceMs = systemClock.nowMs();
  await api.call('POST', `/v1/workers/${busy.id}/kill`);
  await recoveries(api, sinceMs, 1, 30_000);
}

/** Resolves once a watch has told of a container that is killed now: it stands on the certificate. */
async function seesContainerEnd(api: Api): Promise<void> {
  const [pod] = await chaosPods(release);
  const sinceMs = systemClock.nowMs() - 1_000;
  await signalPod('KILL', pod.metadata.name, release.namespace);
  await eventually('a certificate tells how the container ended', 60_000, async () => {
    const { body } = await api.call('GET', '/v1/recoveries?limit=20');
    return body.recoveries.some(
      ({ diedAtMs, certificate }: Manifest) =>
        diedAtMs >= sinceMs && certificate.evidence.some(({ kind }: Manifest) => kind === 'pod-terminated'),
    );
  });
}

test.skipIf(missing('CLUSTER_SIGNAL', 'CLUSTER_IN'))(
  'the API server is away for a minute: jobs go on, a killed worker is recovered through links, no budget is touched',
  () =>
    underLoad(release, 30, async () => {
      const api = await inside();
      const before = await used(api);
      const pods = new Set<string>((await chaosPods(release)).map(({ metadata }) => metadata.name));
      const awayMs = systemClock.monotonicMs();
      await signalServer('STOP');
      try {
        const batch = await handIn(api, 'sleeps', lasting(8, 2_000));
        await untilActive(api, 8);
        await killBusyWorker(api, pods);
        await batch.allWell();
        expect(await used(api)).toEqual(before);
        await systemClock.sleep(Math.max(0, AWAY_MS - (systemClock.monotonicMs() - awayMs)));
      } finally {
        await signalServer('CONT');
      }
      const backMs = systemClock.monotonicMs();
      await seesContainerEnd(api);
      const watchedMs = systemClock.monotonicMs() - backMs;
      tell('a watch tells of a container’s end, after the API server’s return', watchedMs);
      expect(watchedMs).toBeLessThan(limitMs(10_000, 30_000));
    }),
);
