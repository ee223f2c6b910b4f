import { silentLog, systemClock } from '@millrace/core';
import { afterEach, expect, test } from 'vitest';
import { createLink } from './client.ts';
import { createLinkServer } from './server.ts';

const clock = systemClock;
const log = silentLog;
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function serve(host: string, port = 0) {
  const server = createLinkServer(
    { host, port, key: 'k', supervisor: `supervisor on ${host}`, beatMs: 250 },
    { onHello: () => undefined, onMessage: () => undefined, onClose: () => undefined, clock, log },
  );
  stops.push(() => server.stop());
  await server.start();
  return server;
}

function dialByName(port: number, hosts: readonly string[]) {
  let found = hosts;
  const changes: (() => void)[] = [];
  const link = createLink(
    {
      addresses: [`supervisors.test:${port}`],
      key: 'k',
      hello: () => ({
        ...{ kind: 'pod', id: 'p', pool: 'default', pid: 1, host: 'h', startedAtMs: 1, children: [] },
      }),
      onOrder: () => undefined,
      onWelcome: () => {
        for (const change of changes.splice(0)) change();
      },
    },
    { clock, log, lookup: async () => found },
  );
  stops.push(() => link.stop());
  return {
    link,
    resolveTo: (next: readonly string[]) => {
      found = next;
    },
    welcomed: () => new Promise<void>((resolve) => changes.push(resolve)),
  };
}

test('one name, two supervisors: both are linked', async () => {
  const one = await serve('127.0.0.1');
  const two = await serve('127.0.0.2', one.port);
  const { link, welcomed } = dialByName(one.port, ['127.0.0.1', '127.0.0.2']);
  const first = welcomed();
  await link.start();
  await first;
  while (link.connected < 2) await welcomed();
  expect([one.isLinked('p'), two.isLinked('p')]).toEqual([true, true]);
});

test('a supervisor that comes in the place of another is linked when the link closes, long before 5 s', async () => {
  const one = await serve('127.0.0.1');
  const { link, resolveTo, welcomed } = dialByName(one.port, ['127.0.0.1']);
  const first = welcomed();
  await link.start();
  await first;
  const two = await serve('127.0.0.2', one.port);
  resolveTo(['127.0.0.2']);
  const startedMs = performance.now();
  const second = welcomed();
  await one.stop();
  await second;
  expect(performance.now() - startedMs).toBeLessThan(2_500);
  expect(two.isLinked('p')).toBe(true);
  expect(link.connected).toBe(1);
});
