import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type ProducerBench, producerBench } from '../../../tests/support/producer.ts';
import { until } from '../../../tests/support/queue.ts';

let bench: ProducerBench;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await bench.close();
});

async function open(limits: string): Promise<void> {
  bench = await producerBench(`http: {port: 0, healthPort: 0, ${limits}}\nqueues: {work: {}}`);
}

interface Client {
  readonly socket: Socket;
  readonly heard: () => string;
  readonly closed: () => boolean;
}

/** A client of bare bytes. */
async function dial(port = bench.port): Promise<Client> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let heard = '';
  let closed = false;
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    heard += chunk;
  });
  socket.once('close', () => {
    closed = true;
  });
  await once(socket, 'connect');
  return { socket, heard: () => heard, closed: () => closed };
}

const cutOff = (client: Client) => until(client.closed, 'the client is cut off', 10_000);
const isAnswered = async () => (await bench.call('GET', '/v1/queues')).status === 200;

describe('a client that is slow on purpose', () => {
  test('has so long for its headers, however steadily it drips', async () => {
    await open('headersMs: 300');
    const client = await dial();
    client.socket.write('GET /v1/queues HTTP/1.1\r\nHost: localhost\r\n');
    const drip = setInterval(() => client.socket.write('X-More: drip\r\n'), 50);
    await cutOff(client).finally(() => clearInterval(drip));
    expect(client.heard()).toMatch(/^HTTP\/1.1 400 .*The header was not here after 0.3 s/s);
    expect(await isAnswered()).toBe(true);
  });

  test('has so long on the port for probes, too', async () => {
    await open('headersMs: 300');
    const client = await dial(bench.producer.healthAddress().port);
    client.socket.write('GET /livez HTTP/1.1\r\n');
    await cutOff(client);
  });

  test('has so long when it says nothing at all', async () => {
    await open('headersMs: 300');
    await cutOff(await dial());
  });

  test('has so long for its body, however steadily it drips', async () => {
    await open('bodyMs: 300');
    const client = await dial();
    client.socket.write(
      'POST /v1/queues/work/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n',
    );
    const drip = setInterval(() => client.socket.write(' '), 50);
    await cutOff(client).finally(() => clearInterval(drip));
    expect(client.heard()).toMatch(/^HTTP\/1.1 400 .*The body was not here after 0.3 s/s);
  });

  test('has so long for the next line of its stream; what it sent before is stored and told', async () => {
    await open('streamIdleMs: 300');
    const client = await dial();
    client.socket.write(
      'POST /v1/queues/work/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    client.socket.write('d\r\n{"name":"x"}\n\r\n');
    await until(() => client.heard().endsWith('0\r\n\r\n'), 'the answer is ended');
    expect(client.heard()).toContain('{"line":1,"status":202,"id":"1"}');
    expect((await bench.store.queue('work').snapshot()).depth).toBe(1);
  });

  test('has so long to read its answer', { timeout: 60_000 }, async () => {
    await open('unreadMs: 500');
    const data = 'x'.repeat(200_000);
    for (let n = 0; n < 4; n++) {
      await bench.post('work', { jobs: Array.from({ length: 25 }, () => ({ name: 'x', data })) });
    }
    const client = await dial();
    client.socket.pause();
    client.socket.write('GET /v1/queues/work/jobs?limit=100 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const metrics = async () => (await fetch(`${bench.healthUrl}/metrics`)).text();
    await until(
      async () => (await metrics()).includes('route="GET /v1/queues/{queue}/jobs",status="200"} 1'),
      'the request is over, though nobody read its answer',
    );
    expect(await isAnswered()).toBe(true);
  });
});

test('a header over 16 KiB is refused before all of it is here', async () => {
  await open('headersMs: 20s');
  const client = await dial();
  client.socket.write(`GET /v1/queues HTTP/1.1\r\nHost: localhost\r\nX-Large: ${'x'.repeat(17_000)}`);
  await cutOff(client);
  expect(client.heard()).toMatch(/^HTTP\/1.1 400 .*over the limit of 16384 bytes/s);
});

test('connections beyond the limit are closed as they come and counted; those there are go on', async () => {
  await open('maxConnections: 4, headersMs: 30s');
  const held = [await dial(), await dial(), await dial(), await dial()];
  const surplus = await dial();
  await cutOff(surplus);
  expect(held.map(({ closed }) => closed())).toEqual([false, false, false, false]);
  const text = await (await fetch(`${bench.healthUrl}/metrics`)).text();
  expect(Number(/^millrace_http_connections_dropped_total\S* (\d+)/m.exec(text)?.[1])).toBeGreaterThan(0);
  held[0]?.socket.write('GET /v1/queues HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  await cutOff(held[0] as Client);
  expect(held[0]?.heard()).toMatch(/^HTTP\/1.1 200 /);
  held[1]?.socket.destroy();
  await until(() => isAnswered().catch(() => false), 'there is room again');
});

test('every answer carries the headers that keep browsers and caches off, whatever its status', async () => {
  await open('headersMs: 5s');
  const replies = [
    await bench.call('GET', '/v1/queues'),
    await bench.call('GET', '/openapi.json'),
    await bench.call('GET', '/v1/nothing'),
    await bench.call('POST', '/v1/queues'),
    await bench.call('GET', '/v1/queues', undefined, { origin: 'http://evil.example' }),
  ];
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 404, 405, 403]);
  for (const { headers } of replies) {
    expect(headers.get('content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(headers.get('x-powered-by')).toBeNull();
  }
});
