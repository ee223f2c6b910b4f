import { systemClock } from '@millrace/core';
import { expect, test } from 'vitest';
import { openApi } from './support/api.ts';
import { missing, signalPod } from './support/commands.ts';
import { limitMs, tell } from './support/figures.ts';
import { handIn, lasting, QUEUE, recoveries, untilActive } from './support/jobs.ts';
import { eventually, find, kubectl, list } from './support/kubernetes.ts';
import { underLoad } from './support/load.ts';
import { session } from './support/session.ts';
import { busyWorkers } from './support/workers.ts';

const { release, api } = session();

const leader = async () => {
  const lease = await find('lease', `${release.fullname}-supervisor`, release.namespace);
  return String(lease?.spec.holderIdentity ?? '');
};

const deleteByForce = (pod: string) =>
  kubectl('-n', release.namespace, 'delete', 'pod', pod, '--grace-period=0', '--force');

test.skipIf(missing('CLUSTER_SIGNAL'))(
  'the leading supervisor is deleted by force: another leads within 5 s, and a death meanwhile is recovered without one',
  () =>
    underLoad(release, 12, async () => {
      const before = await eventually('somebody leads', 30_000, async () => (await leader()) || null);
      const led = (await release.pods('supervisor')).find(({ metadata }) => before.startsWith(metadata.name));
      expect(led).toBeDefined();
      const batch = await handIn(api, 'sleeps', lasting(8, 2_000));
      await untilActive(api, 8);
      const [victim] = await busyWorkers(api, release);
      const sinceMs = systemClock.nowMs() - 1_000;
      const atMs = performance.now();
      await Promise.all([
        deleteByForce(led.metadata.name),
        signalPod('KILL', victim.host, release.namespace),
      ]);
      await eventually('another supervisor leads', 30_000, async () => {
        const now = await leader();
        return now !== '' && now !== before;
      });
      const changeMs = performance.now() - atMs;
      tell('leader change', changeMs);
      expect(changeMs).toBeLessThan(limitMs(5_000, 10_000));
      await recoveries(api, sinceMs, 1);
      await batch.allWell();
    }),
);

test('a producer is deleted by force: requests of the other one are untouched', () =>
  underLoad(release, 8, async () => {
    const [doomed, other] = await release.pods('producer');
    const line = openApi(release.namespace, `pod/${other.metadata.name}`, await release.token('operator'));
    try {
      const waits = lasting(8, 4_000).map(({ ms }, id) =>
        line.call(
          'POST',
          `/v1/queues/${QUEUE}/jobs`,
          { name: 'sleeps', data: { run: `waits-${performance.now()}`, id, ms } },
          { prefer: 'wait=30' },
        ),
      );
      await untilActive(api, waits.length);
      await deleteByForce(doomed.metadata.name);
      const answers = await Promise.all(waits);
      expect(answers.map(({ status, body }) => `${status} ${body.state}`)).toEqual(
        waits.map(() => '200 completed'),
      );
    } finally {
      line.close();
    }
  }));

test('the store pod is deleted: 503 with Retry-After meanwhile, nothing is lost, back by itself', () =>
  underLoad(release, 12, async () => {
    const batch = await handIn(api, 'sleeps', lasting(30, 1_000));
    const [store] = await list('pod', release.namespace, 'app.kubernetes.io/component=store');
    await kubectl('-n', release.namespace, 'delete', 'pod', store.metadata.name, '--wait=false');
    const refused = await eventually('the API says that the store is away', 60_000, async () => {
      const answer = await api.call('GET', '/v1/queues');
      return answer.status === 503 && answer;
    });
    expect(refused.body.code).toBe('store_unavailable');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    await release.settled(120_000);
    await batch.allWell();
  }));
