import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { systemClock } from '@millrace/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ProducerBench, producerBench } from '../../../tests/support/producer.ts';
import { gate, until } from '../../../tests/support/queue.ts';

let bench: ProducerBench;
beforeEach(async () => {
  bench = await producerBench('queue: {bound: 10}');
});
afterEach(() => bench.close());

interface Result {
  readonly line: number;
  readonly status: number;
  readonly id?: string;
  readonly code?: string;
}

/** A stream that stays open: lines go in, results come out. */
function openStream(queue = 'work') {
  const url = `${bench.url}/v1/queues/${queue}/jobs`;
  const sending: ClientRequest = request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
  });
  sending.on('error', () => undefined);
  const results: Result[] = [];
  let rest = '';
  const ended = once(sending, 'response').then(async ([response]: IncomingMessage[]) => {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      rest += chunk.toString();
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      results.push(...lines.map((line) => JSON.parse(line) as Result));
    }
    return response?.statusCode;
  });
  ended.catch(() => undefined);
  sending.flushHeaders();
  return { sending, results, ended };
}

/** What the kernels' buffers and our window hold is a few MB; a reader without back-pressure takes all of it. */
const MOST_BYTES = 32 * 1024 * 1024;

/** Sends a line again and again until the socket takes no more; resolves with the bytes sent. */
async function sendUntilStuck(text: string, prepare: (socket: Socket) => void): Promise<number> {
  const socket = connect(bench.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  prepare(socket);
  const head =
    'POST /v1/queues/work/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n';
  socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n`);
  const lines = text.repeat(Math.ceil(65_536 / text.length));
  const chunk = `${lines.length.toString(16)}\r\n${lines}\r\n`;
  for (let sent = 0; sent < MOST_BYTES; sent += chunk.length) {
    if (socket.write(chunk)) continue;
    const drained = once(socket, 'drain').then(() => true);
    // An open door drains within milliseconds.
    if (!(await Promise.race([drained, systemClock.sleep(1_500).then(() => false)]))) {
      socket.destroy();
      return sent;
    }
  }
  socket.destroy();
  return MOST_BYTES;
}

const line = (data: unknown) => `${JSON.stringify({ name: 'x', data })}\n`;
const snapshot = () => bench.store.queue('work').snapshot();

test('one result a line, in order, with blank lines counted and bad ones refused alone', async () => {
  const { sending, results, ended } = openStream('sums');
  const good = '{"name":"add","data":{"a":1,"b":2}}';
  const large = `{"name":"any","data":"${'x'.repeat(300_000)}"}`;
  sending.end(
    [good, '', '{"name":', good, '  \r', '{"name":"ad"}', '{"name":"add","data":{"a":1}}', large, good].join(
      '\n',
    ),
  );
  expect(await ended).toBe(200);
  expect(results).toEqual([
    { line: 1, status: 202, id: '1' },
    expect.objectContaining({ line: 3, status: 400, code: 'malformed' }),
    { line: 4, status: 202, id: '2' },
    expect.objectContaining({
      line: 6,
      status: 422,
      code: 'invalid_data',
      faults: [expect.objectContaining({ pointer: '/name' })],
    }),
    expect.objectContaining({
      line: 7,
      status: 422,
      faults: [expect.objectContaining({ pointer: '/data/b' })],
    }),
    expect.objectContaining({ line: 8, status: 413, code: 'payload_too_large' }),
    { line: 9, status: 202, id: '3' },
  ]);
});

test('an unknown queue is refused before anything is read', async () => {
  const { sending, ended } = openStream('nowhere');
  sending.end(line(1));
  expect(await ended).toBe(404);
});

test('results come while the stream goes on', async () => {
  const { sending, results, ended } = openStream();
  sending.write(line(1));
  await until(() => results.length === 1, 'the first result');
  sending.write(line(2));
  await until(() => results.length === 2, 'the second');
  sending.end();
  await ended;
});

describe('at the bound', () => {
  test('lines wait until the queue has room, and all get in', async () => {
    const { sending, results, ended } = openStream();
    sending.end(Array.from({ length: 200 }, (_, n) => line(n)).join(''));
    await until(() => results.length === 10, 'the queue is full');
    await bench.queues.consumer({ concurrency: 4 }).start();
    expect(await ended).toBe(200);
    expect(results.map(({ status, line }) => [status, line])).toEqual(
      Array.from({ length: 200 }, (_, n) => [202, n + 1]),
    );
    const { maxDepth, bound } = await snapshot();
    expect(maxDepth).toBeLessThanOrEqual(bound);
  });

  test('back-pressure reaches the socket of the client: it cannot send on', { timeout: 60_000 }, async () => {
    const stuckAt = await sendUntilStuck(line('y'.repeat(1_000)), (socket) => socket.resume());
    expect(stuckAt).toBeLessThan(MOST_BYTES / 2);
    expect((await snapshot()).depth).toBe(10);
  });

  test('a paused queue holds a stream, and lets it go on soon after', async () => {
    await bench.call('PATCH', '/v1/queues/work', { paused: true });
    const { sending, results, ended } = openStream();
    sending.end(line(1).repeat(12));
    await until(() => results.length === 10, 'it is full');
    await bench.queues.consumer().start();
    await bench.call('PATCH', '/v1/queues/work', { paused: false });
    await ended;
    expect(results).toHaveLength(12);
  });
});

test('a client that does not read its results is held back, too', { timeout: 60_000 }, async () => {
  const stuckAt = await sendUntilStuck('no json\n', (socket) => socket.pause());
  expect(stuckAt).toBeLessThan(MOST_BYTES / 2);
});

describe('streams that break off', () => {
  test('what was answered is stored, and nothing is half a job', async () => {
    const { sending, results } = openStream();
    sending.write(`${line(1)}${line(2)}{"name":"x","da`);
    await until(() => results.length === 2, 'two results');
    sending.destroy();
    await new Promise((resolve) => sending.once('close', resolve));
    await until(
      async () =>
        (await fetch(`${bench.healthUrl}/metrics`)).text().then((text) => text.includes('status="200"')),
      'the end is seen',
    );
    expect((await snapshot()).depth).toBe(2);
  });

  test('a client that goes while its lines wait is not waited for', async () => {
    const { sending, results } = openStream();
    sending.write(line(1).repeat(20));
    await until(() => results.length === 10, 'it is full');
    sending.destroy();
    await new Promise((resolve) => sending.once('close', resolve));
    const held = gate();
    await bench.queues.consumer({ run: held.run }).start();
    await until(async () => (await snapshot()).counts.active > 0, 'jobs are taken');
    const { body } = await bench.call('GET', '/v1/queues/work');
    expect(body.depth + body.counts.active).toBe(10);
    held.finishAll();
  });

  test('an end of the process is told to every line that was read, and ends the answer', async () => {
    const { sending, results, ended } = openStream();
    sending.write(line(1).repeat(12));
    await until(() => results.length === 10, 'it is full');
    await bench.producer.stop();
    expect(await ended).toBe(200);
    expect(results.slice(10)).toEqual(
      [11, 12].map((line) => expect.objectContaining({ line, status: 503, code: 'draining' })),
    );
  });
});
