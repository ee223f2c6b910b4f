import { systemClock } from '@millrace/core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Api } from './support/api.ts';
import { commandLine, missing, signalServer } from './support/commands.ts';
import { ended } from './support/jobs.ts';
import { eventually, type Manifest } from './support/kubernetes.ts';
import { shared } from './support/release-setup.ts';
import { must, run } from './support/shell.ts';
import { chaosPods } from './support/workers.ts';

const release = shared();
/** Long enough that every watch has ended and every renewal of the Lease has failed. */
const AWAY_MS = 60_000;
let api: Api;
beforeAll(async () => {
  api = await release.api();
});
beforeEach(() => release.settled());
afterAll(() => api.close());

/** A call from inside the cluster: with the API server away no port is forwarded. */
async function inside(method: string, url: string, token: string, body?: unknown) {
  const data = body === undefined ? [] : ['-H', 'content-type: application/json', '-d', JSON.stringify(body)];
  const said = await must(
    commandLine(
      'CLUSTER_IN',
      'curl',
      '-sS',
      '-m',
      '10',
      '-X',
      method,
      '-H',
      `authorization: Bearer ${token}`,
      ...data,
      url,
    ),
  );
  return JSON.parse(said);
}

test.skipIf(missing('CLUSTER_SIGNAL', 'CLUSTER_IN'))(
  'the API server is away for a minute: jobs go on, a killed worker is recovered through links, no budget is touched',
  async () => {
    const token = await release.token('admin');
    const service = (
      await must([
        'kubectl',
        '-n',
        release.namespace,
        'get',
        'svc',
        `${release.fullname}-producer`,
        '-o',
        'jsonpath={.spec.clusterIP}',
      ])
    ).trim();
    const url = `http://${service}:8080`;
    const before = await inside('GET', `${url}/v1/pools`, token);
    const pods = new Set((await chaosPods(release)).map(({ metadata }) => metadata.name));
    const sinceMs = systemClock.nowMs();
    await signalServer('STOP');
    let ids: string[];
    try {
      const jobs = Array.from({ length: 8 }, (_, id) => ({
        name: 'sleeps',
        data: { run: `away-${sinceMs}`, id, ms: 2_000 },
      }));
      ids = (await inside('POST', `${url}/v1/queues/chaos/jobs`, token, { jobs })).ids;
      await eventually('they run', 20_000, async () => {
        const { counts } = await inside('GET', `${url}/v1/queues/chaos`, token);
        return counts.active >= 8;
      });
      const busy = await eventually('a worker of the pool tells that it is busy', 20_000, async () => {
        const { workers } = await inside('GET', `${url}/v1/workers`, token);
        return workers.find(({ busy: jobs, host }: Manifest) => jobs > 0 && pods.has(host)) ?? null;
      });
      await inside('POST', `${url}/v1/workers/${busy.id}/kill`, token);
      await eventually('its jobs run elsewhere', 30_000, async () => {
        const { recoveries: all } = await inside('GET', `${url}/v1/recoveries?limit=20`, token);
        return all.some(
          ({ diedAtMs, lastOrphanMs }: { diedAtMs: number; lastOrphanMs: number | null }) =>
            diedAtMs >= sinceMs && lastOrphanMs !== null,
        );
      });
      await systemClock.sleep(Math.max(0, AWAY_MS - (systemClock.nowMs() - sinceMs)));
    } finally {
      await signalServer('CONT');
    }
    const backMs = systemClock.nowMs();
    const [supervisor] = await release.pods('supervisor');
    await eventually('the watches live again', 30_000, async () => {
      const text = await run([
        'kubectl',
        'get',
        '--raw',
        `/api/v1/namespaces/${release.namespace}/pods/${supervisor.metadata.name}:9464/proxy/metrics`,
      ]);
      const age = Number(
        /^millrace_kubernetes_staleness_seconds(?:\{[^}]*\})? ([\d.]+)/m.exec(text.stdout)?.[1] ?? Number.NaN,
      );
      return age < 5;
    });
    expect(systemClock.nowMs() - backMs).toBeLessThan(30_000);
    expect((await ended(api, ids)).map(({ state }) => state)).toEqual(ids.map(() => 'completed'));
    const after = (await api.call('GET', '/v1/pools')).body;
    const used = ({ pools }: { pools: { name: string; restarts: { used: number } }[] }) =>
      pools.map(({ restarts }) => restarts.used);
    expect(used(after)).toEqual(used(before));
  },
);
