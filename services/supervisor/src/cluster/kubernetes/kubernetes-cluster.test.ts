import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { type Log, silentLog, systemClock } from '@millrace/core';
import { prometheusText } from '@millrace/telemetry';
import { afterEach, expect, test } from 'vitest';
import { makeCertificates } from '../../../../../tests/support/certificates.ts';
import { until } from '../../../../../tests/support/queue.ts';
import { createKubernetesCluster } from './kubernetes-cluster.ts';
import { podObject } from './testing.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const ready = (uid: string) =>
  podObject({ uid, status: { conditions: [{ type: 'Ready', status: 'True' }] } });

/** An API server with two ready pods, that knows nobody's Lease yet and forbids what `isForbidden` says. */
async function server(isForbidden: (method: string, path: string) => boolean): Promise<Server> {
  const files = await makeCertificates(['IP:127.0.0.1']);
  const keys = { cert: readFileSync(files.server.cert), key: readFileSync(files.server.key) };
  const ca = readFileSync(files.ca);
  const made = createServer(keys, async (request, response) => {
    const { method = '', url = '' } = request;
    const { pathname, searchParams } = new URL(url, 'https://api');
    const bodies = await request.toArray();
    const answer = (status: number, body: object) =>
      response.writeHead(status).end(JSON.stringify({ ...body, reason: status === 403 ? 'Forbidden' : '' }));
    if (isForbidden(method, pathname)) return answer(403, { message: 'it is forbidden' });
    if (searchParams.has('watch')) return response.writeHead(200).flushHeaders();
    const items = pathname.endsWith('/pods') ? [ready('u1'), ready('u2')] : [];
    if (method === 'GET' && !pathname.includes('/leases/'))
      return answer(200, { metadata: { resourceVersion: '1' }, items });
    if (method === 'GET') return answer(404, { message: 'there is none' });
    return answer(200, {
      ...JSON.parse(Buffer.concat(bodies).toString()),
      metadata: { resourceVersion: '2' },
    });
  });
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  ends.push(async () => {
    made.closeAllConnections();
    await new Promise((resolve) => made.close(resolve));
    await files.remove();
  });
  return Object.assign(made, { ca });
}

async function adapter(isForbidden: (method: string, path: string) => boolean) {
  const made = (await server(isForbidden)) as Server & { readonly ca: Buffer };
  const { port } = made.address() as { readonly port: number };
  const errors: object[] = [];
  const log: Log = { ...silentLog, error: (fields: object) => void errors.push(fields) };
  const place = { podName: null, podUid: null, nodeName: null, namespace: 'ns', release: 'm' };
  const cluster = createKubernetesCluster({
    credentials: {
      ...{ server: new URL(`https://127.0.0.1:${port}`), namespace: 'ns', ca: made.ca },
      ...{ cert: undefined, key: undefined, token: () => 'token' },
    },
    place: { ...place, appName: null, fullname: null },
    ...{ id: 'me', dryRun: false, clock: systemClock, log },
  });
  const { controllers } = cluster;
  if (controllers === null) throw new Error('it has controllers');
  controllers.candidate(() => true);
  await cluster.start();
  ends.push(() => cluster.stop());
  await cluster.list();
  return { controllers, errors };
}

test('a right on the Lease that is missing is told as an error, and nobody may be scaled in', async () => {
  const { controllers, errors } = await adapter((_, path) => path.includes('/leases'));
  await until(() => errors.length > 0, 'it is told');
  expect(errors[0]).toMatchObject({ resource: 'leases', error: 'it is forbidden' });
  expect((await controllers.spare(new Map()))('default')).toBe(false);
  expect(prometheusText(controllers.metrics())).toContain('millrace_kubernetes_lease_held 0');
});

test('a leader that has heard of one of two ready pods scales nobody in, until it has heard of both', async () => {
  const { controllers } = await adapter(() => false);
  await until(() => controllers.holdsLease, 'it holds the lease');
  const introduce = (uid: string) =>
    controllers.introduce({
      ...{ id: uid, pool: 'default', pid: 1, startedAtMs: 0 },
      k8s: { name: uid, uid },
    });
  introduce('u1');
  expect((await controllers.spare(new Map([['u1', 100]])))('default')).toBe(false);
  introduce('u2');
  const costs = new Map([...['u1', 'u2'].entries()].map(([at, uid]) => [uid, at * 100]));
  expect((await controllers.spare(costs))('default')).toBe(true);
});

test('a right on pods that is missing holds the number too', async () => {
  const { controllers, errors } = await adapter((method) => method === 'PATCH');
  await until(() => controllers.holdsLease, 'it holds the lease');
  for (const uid of ['u1', 'u2'])
    controllers.introduce({
      ...{ id: uid, pool: 'default', pid: 1, startedAtMs: 0 },
      k8s: { name: uid, uid },
    });
  const costs = new Map([
    ['u1', 100],
    ['u2', 0],
  ]);
  expect((await controllers.spare(costs))('default')).toBe(false);
  expect(errors).toMatchObject([{ verb: 'PATCH', resource: 'pods' }]);
});
