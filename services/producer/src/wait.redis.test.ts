import { request } from 'node:http';
import type { Outcome } from '@millrace/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ProducerBench, producerBench } from '../../../tests/support/producer.ts';
import { gate, until } from '../../../tests/support/queue.ts';

let bench: ProducerBench;
beforeEach(async () => {
  bench = await producerBench();
});
afterEach(() => bench.close());

const wait = (seconds: number, key?: string) => ({
  prefer: `wait=${seconds}`,
  ...(key !== undefined && { 'idempotency-key': key }),
});
const consume = async (outcome: (data: unknown) => Outcome) => {
  const consumer = bench.queues.consumer({ run: async ({ data }) => outcome(data) });
  await consumer.start();
};

test('the result comes with the answer', async () => {
  await consume((data) => ({ kind: 'ok', value: { doubled: (data as { n: number }).n * 2 } }));
  const reply = await bench.post('work', { name: 'x', data: { n: 21 } }, wait(20));
  expect(reply).toMatchObject({
    status: 200,
    body: { id: '1', queue: 'work', state: 'completed', result: { doubled: 42 }, error: null },
  });
  expect(reply.headers.get('preference-applied')).toBe('wait=20');
});

test('a final failure is an answer too', async () => {
  await consume(() => ({ kind: 'fail', error: new Error('no such page'), retry: false }));
  expect(await bench.post('work', { name: 'x' }, wait(20))).toMatchObject({
    status: 200,
    body: { state: 'failed', result: null, error: 'no such page' },
  });
});

test('many waiters share one reader and each gets its own result', async () => {
  await consume((data) => ({ kind: 'ok', value: data }));
  const replies = await Promise.all(
    Array.from({ length: 50 }, (_, n) => bench.post('work', { name: 'x', data: n }, wait(20))),
  );
  expect(replies.map(({ body }) => body.result)).toEqual(Array.from({ length: 50 }, (_, n) => n));
  const clients = (await bench.queues.redis.client('LIST')) as string;
  expect(clients.match(new RegExp(`name=millrace:test-${bench.queues.prefix}:wait`, 'g'))).toHaveLength(1);
});

test('after N seconds without a result it is 202', async () => {
  const reply = await bench.post('work', { name: 'x' }, wait(1));
  expect(reply).toMatchObject({ status: 202, body: { id: '1', state: 'waiting' } });
  expect(reply.headers.get('preference-applied')).toBeNull();
});

test('a repeat with the same key gets the result of the first, also when that is long over', async () => {
  await consume((data) => ({ kind: 'ok', value: data }));
  const first = await bench.post('work', { name: 'x', data: 7 }, wait(20, 'k'));
  expect((await bench.post('work', { name: 'x', data: 7 }, wait(20, 'k'))).body).toEqual(first.body);
});

test('a waiting client that goes away is waited for no longer', async () => {
  const held = gate();
  await bench.queues.consumer({ run: held.run }).start();
  const path = '/v1/queues/work/jobs';
  const headers = { 'content-type': 'application/json', ...wait(60) };
  const waiting = request(`${bench.url}${path}`, { method: 'POST', headers });
  waiting.on('error', () => undefined);
  waiting.end('{"name":"x"}');
  await until(() => held.started.size === 1, 'the job runs');
  const metrics = async () => (await fetch(`${bench.healthUrl}/metrics`)).text();
  await until(async () => (await metrics()).includes('millrace_waiters 1'), 'somebody waits');
  waiting.destroy();
  await new Promise((resolve) => waiting.once('close', resolve));
  await until(async () => (await metrics()).includes('millrace_waiters 0'), 'nobody waits');
  held.finishAll();
});

test('an end within a wait is 202, at once', async () => {
  const reply = bench.post('work', { name: 'x' }, wait(60));
  await until(async () => (await bench.store.queue('work').snapshot()).depth === 1, 'it is added');
  await bench.producer.stop();
  expect(await reply).toMatchObject({ status: 202, body: { id: '1' } });
});
