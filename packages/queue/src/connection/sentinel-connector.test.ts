import { createServer, type Socket } from 'node:net';
import { compileConfig } from '@millrace/core';
import { expect, test } from 'vitest';
import { until } from '../../../../tests/support/queue.ts';
import { closeClient, openClient } from './client.ts';

test('a failover that is told while the master is being asked for does not end the connection for good', async () => {
  const sockets: Socket[] = [];
  // A Sentinel that takes its time.
  const sentinel = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
  await until(() => sentinel.listening, 'it listens');
  const { port } = sentinel.address() as { port: number };
  const { redis } = compileConfig({}, `redis: {sentinel: {name: m, nodes: ["127.0.0.1:${port}"]}}`);
  const client = openClient(redis, 'patient', 'test');
  client.on('error', () => undefined);
  await until(() => sockets.length === 1, 'it is asked');
  // What ioredis' own detector calls.
  (client as unknown as { connector: { disconnect(): void } }).connector.disconnect();
  await until(() => sockets.length > 1, 'it is asked again');
  expect(client.status).toBe('connecting');
  const closed = closeClient(client);
  for (const socket of sockets) socket.destroy();
  sentinel.close();
  await closed;
  expect(client.status).toBe('end');
});
