import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { silentLog, systemClock } from '@millrace/core';
import { lifecycleStress } from '@millrace/core/testing';
import { loadHandlers } from '@millrace/sdk';
import { afterEach, expect, test } from 'vitest';
import { type ProducerBench, producerBench } from '../../../tests/support/producer.ts';
import { queueBench, until } from '../../../tests/support/queue.ts';
import { createProducer } from './producer.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(yaml = ''): Promise<ProducerBench> {
  const bench = await producerBench(yaml);
  cleanups.push(() => bench.close());
  return bench;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

test('keeps the lifecycle contract: both ports open with it and close with it', async () => {
  const queues = queueBench('http: {port: 0, healthPort: 0}\nqueues: {work: {}}');
  cleanups.push(() => queues.close());
  const handlers = await loadHandlers(new URL('../../../tests/fixtures/sums', import.meta.url).pathname);
  await lifecycleStress(
    () =>
      createProducer(queues.config, {
        store: queues.openStore(),
        handlers,
        clock: systemClock,
        log: silentLog,
        tokens: null,
      }),
    async (producer) => {
      const ports = [producer.address().port, producer.healthAddress().port];
      const open = await Promise.all(ports.map((port) => port > 0 && answers(port)));
      return open.some((isOpen) => isOpen);
    },
  );
});

test('a port that is taken is one clear sentence', async () => {
  const bench = await open();
  const taken = `http: {port: ${bench.port}, healthPort: 0}`;
  await expect(producerBench(taken)).rejects.toMatchObject({
    code: 'start_failed',
    message: expect.stringMatching(`Cannot listen on 127.0.0.1:${bench.port}: .*EADDRINUSE`),
  });
});

test('an end lets requests finish, and closes connections that are kept alive', async () => {
  const bench = await open();
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  cleanups.push(async () => agent.destroy());
  const ask = (path: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const sent = request(`${bench.url}${path}`, { agent }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      });
      sent.on('error', reject);
      sent.end();
    });
  await Promise.all(Array.from({ length: 4 }, () => ask('/v1/queues')));
  const underWay = Array.from({ length: 4 }, () => ask('/v1/queues'));
  await until(async () => (await bench.store.queue('work').snapshot()).bound > 0, 'they are sent');
  const startedMs = performance.now();
  await bench.producer.stop();
  expect(await Promise.all(underWay)).toEqual([200, 200, 200, 200]);
  // Far below the 65 s that an idle connection is kept, and below the drain's own limit.
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  expect(await answers(bench.port)).toBe(false);
});

test('a request that ends after the port was closed is answered, and its connection not kept', {
  timeout: 20_000,
}, async () => {
  const bench = await open();
  const body = '{"name":"x"}';
  const socket = connect(bench.port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  await once(socket, 'connect');
  const head = `POST /v1/queues/work/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  socket.write(`${head}${body.slice(0, 5)}`);
  await until(async () => (await bench.call('GET', '/v1/queues')).status === 200, 'it is under way');
  const stopped = bench.producer.stop();
  await until(async () => !(await answers(bench.port)), 'the port is closed');
  socket.write(body.slice(5));
  await stopped;
  expect(answer).toMatch(/^HTTP\/1.1 202 /);
});

test('an end does not wait for ever for a client that sends no more', { timeout: 20_000 }, async () => {
  const bench = await open('drain: {timeoutMs: 500, noticeMs: 100}');
  const socket = connect(bench.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(
    'POST /v1/queues/work/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
  );
  await until(async () => (await bench.call('GET', '/v1/queues')).status === 200, 'it is under way');
  const startedMs = performance.now();
  await bench.producer.stop();
  expect(performance.now() - startedMs).toBeGreaterThan(400);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});
