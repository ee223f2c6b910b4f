import { createServer } from 'node:net';
import { silentLog } from '@millrace/core';
import { lifecycleStress } from '@millrace/core/testing';
import { expect, test } from 'vitest';
import { createHealthServer, type HealthSource } from './health-server.ts';

const well: HealthSource = { livenessFaults: () => [], readinessFaults: () => [], metrics: () => 'm 1\n' };
const host = '127.0.0.1';

const status = async (port: number, path: string) => (await fetch(`http://${host}:${port}${path}`)).status;

test('faults are a 503 and are named', async () => {
  const source: HealthSource = { ...well, livenessFaults: () => ['w1 consumes nothing'] };
  const server = createHealthServer({ host, port: 0 }, source, silentLog);
  await server.start();
  expect(await status(server.port, '/readyz')).toBe(200);
  const response = await fetch(`http://${host}:${server.port}/livez`);
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({ ok: false, faults: ['w1 consumes nothing'] });
  await server.stop();
});

test('a taken port is no reason not to work: a free one is used', async () => {
  const other = createServer().listen(0, host);
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as { port: number };
  const server = createHealthServer({ host, port }, well, silentLog);
  await server.start();
  expect(server.port).not.toBe(port);
  expect(await status(server.port, '/metrics')).toBe(200);
  await server.stop();
  other.close();
});

test('an address that is not ours is said', async () => {
  const server = createHealthServer({ host: '192.0.2.1', port: 0 }, well, silentLog);
  await expect(server.start()).rejects.toMatchObject({ code: 'start_failed' });
  await server.stop();
});

test('keeps the lifecycle contract', async () => {
  await lifecycleStress(
    () => createHealthServer({ host, port: 0 }, well, silentLog),
    ({ port }) =>
      port === 0
        ? false
        : status(port, '/livez').then(
            () => true,
            () => false,
          ),
  );
});
