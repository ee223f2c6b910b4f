import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { isMillraceError, silentLog, systemClock } from '@millrace/core';
import { lifecycleStress } from '@millrace/core/testing';
import { afterEach, expect, test } from 'vitest';
import { createLink, type Link } from './client.ts';
import type { Exit, FromWorker, Hello, Order, ToSupervisor, WorkerHello } from './messages.ts';
import { createLinkServer, type LinkServer } from './server.ts';

const clock = systemClock;
const log = silentLog;
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Records calls and lets a test wait for the n-th. */
function recorder<T>() {
  const seen: T[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  return {
    seen,
    push(item: T) {
      seen.push(item);
      for (const wait of waiting.filter((w) => w.count <= seen.length)) wait.resolve();
    },
    reach: (count: number) =>
      new Promise<void>((resolve) =>
        seen.length >= count ? resolve() : waiting.push({ count, resolve: () => resolve() }),
      ),
  };
}

async function serve({ key = 'secret' as string | null, port = 0, host = '127.0.0.1' } = {}) {
  const hellos = recorder<Hello>();
  const messages = recorder<{ id: string; message: FromWorker }>();
  const closes = recorder<string>();
  const server = createLinkServer(
    { host, port, key, supervisor: 's1', beatMs: 250 },
    {
      onHello: hellos.push,
      onMessage: (id, message) => messages.push({ id, message }),
      onClose: closes.push,
      clock,
      log,
    },
  );
  cleanups.push(() => server.stop());
  await server.start();
  return { server, hellos, messages, closes };
}

const workerHello: WorkerHello = {
  kind: 'worker',
  id: 'pod-1.0123',
  pod: 'pod-1',
  slot: 0,
  pid: 42,
  host: 'h',
  queues: ['q'],
  concurrency: 4,
  standby: false,
  startedAtMs: 1,
  capabilities: [],
};

function dial(addresses: readonly string[], key: string | null = 'secret', hello = workerHello) {
  const orders = recorder<Order>();
  const welcomes = recorder<string>();
  const link: Link = createLink(
    { addresses, key, hello: () => hello, onOrder: orders.push, onWelcome: welcomes.push },
    { clock, log },
  );
  cleanups.push(() => link.stop());
  return { link, orders, welcomes };
}

const addressOf = (server: LinkServer) => `127.0.0.1:${server.port}`;
const exitOf = (worker: string): Extract<ToSupervisor, { type: 'exit' }> => ({
  type: 'exit',
  worker,
  slot: 0,
  pid: 43,
  code: null,
  signal: 'SIGKILL',
  atMs: 5,
  expected: false,
  stderrTail: [],
});

async function rawServer(onConnection: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { server, port: (server.address() as { port: number }).port };
}

test('hello, beats and orders travel; a closed link is news at once', async () => {
  const { server, hellos, messages, closes } = await serve();
  const { link, orders } = dial([addressOf(server)]);
  await link.start();
  await hellos.reach(1);
  expect(hellos.seen[0]).toMatchObject({ kind: 'worker', id: 'pod-1.0123', concurrency: 4 });
  expect(server.order('pod-1.0123', { type: 'drain', worker: 'pod-1.0123', by: 'me' })).toBe(true);
  await orders.reach(1);
  expect(orders.seen[0]).toEqual({ type: 'drain', worker: 'pod-1.0123', by: 'me' });
  expect(link.connected).toBe(1);
  link.send({ type: 'bye', reason: 'done' });
  await link.stop();
  await closes.reach(1);
  expect(messages.seen[0]).toEqual({ id: 'pod-1.0123', message: { type: 'bye', reason: 'done' } });
  expect(server.order('pod-1.0123', { type: 'fenced', worker: 'pod-1.0123' })).toBe(false);
});

test('a worker with another key is refused and nothing it says counts', async () => {
  const { server, hellos, closes } = await serve();
  const { link, welcomes } = dial([addressOf(server)], 'wrong');
  const good = dial([addressOf(server)], 'secret', { ...workerHello, id: 'good' });
  await link.start();
  await good.link.start();
  await good.welcomes.reach(1);
  link.send(exitOf('x'));
  expect(hellos.seen.map((hello) => hello.id)).toEqual(['good']);
  expect(welcomes.seen).toEqual([]);
  expect(link.connected).toBe(0);
  expect(closes.seen).toEqual([]);
});

test('the same bytes on an open loopback server, with and without a key', async () => {
  const { server, hellos } = await serve({ key: null });
  const { link } = dial([addressOf(server)], null);
  await link.start();
  await hellos.reach(1);
});

test('garbage gets a refusal in one line and the end of the connection', async () => {
  const { server, hellos } = await serve();
  for (const garbage of ['GET / HTTP/1.1\r\n\r\n', '{"type":"hello"}\n', `${'x'.repeat(70_000)}\n`, '\n']) {
    const socket = connect(server.port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.write(garbage);
    await once(socket, 'close');
    expect(Buffer.concat(chunks).toString()).toContain('"type":"challenge"');
  }
  expect(hellos.seen).toEqual([]);
});

test('an unknown message type and unknown fields are skipped, the link lives on', async () => {
  const { server, hellos, messages, closes } = await serve({ key: null });
  const socket = connect(server.port, '127.0.0.1');
  cleanups.push(async () => socket.destroy());
  socket.write(
    `${JSON.stringify({ type: 'hello', version: 1, ...workerHello, newer: true, mac: '' })}\n` +
      '{"type":"from-the-future"}\n{"type":"beat","atMs":"not a number"}\n{"type":"bye","reason":"r","x":1}\n',
  );
  await hellos.reach(1);
  await messages.reach(1);
  expect(messages.seen).toEqual([{ id: 'pod-1.0123', message: { type: 'bye', reason: 'r' } }]);
  expect(closes.seen).toEqual([]);
});

test('a second link of the same start replaces the first: no close is reported', async () => {
  const { server, hellos, closes } = await serve();
  const first = dial([addressOf(server)]);
  await first.link.start();
  await hellos.reach(1);
  const second = dial([addressOf(server)]);
  await second.link.start();
  await hellos.reach(2);
  await first.link.stop();
  const other = dial([addressOf(server)], 'secret', { ...workerHello, id: 'other' });
  await other.link.start();
  await hellos.reach(3);
  await other.link.stop();
  await closes.reach(1);
  expect(closes.seen).toEqual(['other']);
});

test('the connection that was replaced is closed', async () => {
  const { server, hellos } = await serve({ key: null });
  const older = connect(server.port, '127.0.0.1');
  older.resume();
  older.write(`${JSON.stringify({ type: 'hello', version: 1, ...workerHello, mac: '' })}\n`);
  await hellos.reach(1);
  const { link } = dial([addressOf(server)], null);
  const closed = once(older, 'close');
  await link.start();
  await closed;
});

test('a worker whose sockets were reset is back at once and says hello again', async () => {
  let worker: Socket | undefined;
  const { server, hellos, closes } = await serve();
  const proxy = await rawServer((socket) => {
    worker = socket;
    const upstream = connect(server.port, '127.0.0.1');
    upstream.on('error', () => undefined);
    socket.pipe(upstream).pipe(socket);
    socket.on('close', () => upstream.destroy());
  });
  const { link } = dial([`127.0.0.1:${proxy.port}`]);
  await link.start();
  await hellos.reach(1);
  const before = clock.monotonicMs();
  worker?.resetAndDestroy();
  await hellos.reach(2);
  // The wait itself is under 50 ms (retry-delay.test.ts); the rest is this machine's.
  expect(clock.monotonicMs() - before).toBeLessThan(2_000);
  expect(closes.seen).toEqual(['pod-1.0123']);
});

test('an exit reaches a supervisor that was away, and again one that was restarted', async () => {
  const first = await serve();
  const address = addressOf(first.server);
  const late = await rawServer(() => undefined);
  await new Promise<void>((resolve) => late.server.close(() => resolve()));
  const { link } = dial([address, `127.0.0.1:${late.port}`]);
  await link.start();
  await first.hellos.reach(1);
  link.send(exitOf('child-1'));
  await first.messages.reach(1);
  const second = await serve({ port: late.port });
  await second.messages.reach(1);
  expect(second.messages.seen[0]?.message).toMatchObject({ type: 'exit', worker: 'child-1' });
  await first.server.stop();
  const restarted = await serve({ port: Number(address.split(':')[1]) });
  await restarted.messages.reach(1);
  expect(restarted.messages.seen[0]?.message).toMatchObject({ type: 'exit', worker: 'child-1' });
});

test('an exit with far too much stderr is told with less of it', async () => {
  const { server, messages } = await serve();
  const { link, welcomes } = dial([addressOf(server)]);
  await link.start();
  await welcomes.reach(1);
  link.send({ ...exitOf('child-1'), stderrTail: Array.from({ length: 100 }, () => 'e'.repeat(4_000)) });
  await messages.reach(1);
  const { message } = messages.seen[0] as { message: Exit };
  expect(message.stderrTail.length).toBeGreaterThan(0);
  expect(message.stderrTail.length).toBeLessThan(100);
});

test('a supervisor that accepts and never answers does not hold the worker', async () => {
  const accepted = recorder<Socket>();
  const { port } = await rawServer(accepted.push);
  const { link } = dial([`127.0.0.1:${port}`]);
  await link.start();
  await accepted.reach(2);
  expect(link.connected).toBe(0);
});

test('a connection that never says hello is dropped', async () => {
  const { server } = await serve();
  const socket = connect(server.port, '127.0.0.1');
  socket.resume();
  await once(socket, 'close');
});

test('beyond loopback a server without a key does not start', async () => {
  await expect(serve({ key: null, host: '0.0.0.0' })).rejects.toSatisfy((error) =>
    isMillraceError(error, 'config_invalid'),
  );
});

test('a taken port is one clear sentence', async () => {
  const { server } = await serve();
  await expect(serve({ port: server.port })).rejects.toThrow(/Cannot listen for links on 127\.0\.0\.1/);
});

test('client and server keep the lifecycle contract', async () => {
  const { server, hellos } = await serve();
  await lifecycleStress(
    () => dial([addressOf(server)], 'secret', { ...workerHello, id: `w${hellos.seen.length}` }).link,
    async (link) => {
      if (link.connected === 1) return true;
      // Started or not is only visible once it had time to link: the next hello of another link tells.
      const probe = dial([addressOf(server)], 'secret', { ...workerHello, id: 'probe' });
      await probe.link.start();
      await probe.welcomes.reach(1);
      await probe.link.stop();
      return link.connected === 1;
    },
  );
  await lifecycleStress(
    () =>
      createLinkServer(
        { host: '127.0.0.1', port: 0, key: null, supervisor: 's', beatMs: 250 },
        { onHello() {}, onMessage() {}, onClose() {}, clock, log },
      ),
    (subject) => subject.port !== 0,
  );
});
