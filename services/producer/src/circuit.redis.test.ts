import type { Circuit } from '@millrace/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ProducerBench, producerBench } from '../../../tests/support/producer.ts';
import { until } from '../../../tests/support/queue.ts';

let bench: ProducerBench;
beforeEach(async () => {
  bench = await producerBench('queue: {bound: 5}');
});
afterEach(() => bench.close());

const REASON = 'It restarted its pods 5 times in 30 s; the last one ended with exit code 1.';
const nowMs = () => Math.round(performance.timeOrigin + performance.now());
const open = (retryInMs: number | null = 20_000): Circuit => ({
  pool: 'default',
  reason: REASON,
  sinceMs: nowMs(),
  retryAtMs: retryInMs === null ? null : nowMs() + retryInMs,
});
const setCircuit = (circuit: Circuit | null) => bench.store.supervision.setCircuit('work', circuit);
const depth = async () => (await bench.store.queue('work').snapshot()).depth;

test('an add is refused with the reason, and with the time until the pool is tried', async () => {
  await setCircuit(open());
  for (const body of [{ name: 'x' }, { jobs: [{ name: 'x' }, { name: 'x' }] }]) {
    const reply = await bench.post('work', body);
    expect(reply).toMatchObject({
      status: 503,
      body: { code: 'circuit_open', status: 503, pool: 'default', reason: REASON },
    });
    expect(reply.headers.get('content-type')).toBe('application/problem+json');
    expect(reply.body.detail).toContain(REASON);
    const { retryAfterMs } = reply.body;
    expect(retryAfterMs).toBeGreaterThan(15_000);
    expect(retryAfterMs).toBeLessThanOrEqual(20_000);
    expect(reply.headers.get('retry-after')).toBe(String(Math.ceil(retryAfterMs / 1000)));
  }
  expect(await depth()).toBe(0);
});

test('a caller that would wait for the result is refused at once', async () => {
  await setCircuit(open());
  expect(await bench.post('work', { name: 'x' }, { prefer: 'wait=30' })).toMatchObject({
    status: 503,
    body: { code: 'circuit_open' },
  });
  const metrics = await (await fetch(`${bench.healthUrl}/metrics`)).text();
  expect(metrics).toContain('millrace_waiters 0');
  expect(metrics).toContain('millrace_adds_refused_total{queue="work",code="circuit_open"} 1');
  expect(metrics).toMatch(
    /messaging_client_sent_messages_total\{.*messaging_destination_name="work",error_type="circuit_open"\} 1\n/,
  );
  expect(metrics).toMatch(
    /messaging_client_operation_duration_seconds_count\{.*error_type="circuit_open"\} 1\n/,
  );
});

test('a trial that nobody can foresee is a minute away, one that is due a second', async () => {
  await setCircuit(open(null));
  expect((await bench.post('work', { name: 'x' })).body.retryAfterMs).toBe(60_000);
  await setCircuit(open(-5_000));
  expect((await bench.post('work', { name: 'x' })).body.retryAfterMs).toBe(1_000);
});

test('a key that was accepted before gets its answer again, an open circuit or not', async () => {
  const headers = { 'idempotency-key': 'k' };
  const first = await bench.post('work', { name: 'x' }, headers);
  await setCircuit(open());
  const again = await bench.post('work', { name: 'x' }, headers);
  expect(again).toMatchObject({ status: 202, body: first.body });
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect((await bench.post('work', { name: 'x' }, { 'idempotency-key': 'new' })).status).toBe(503);
});

test('the queue shows it, and other queues know nothing of it', async () => {
  const circuit = open();
  await setCircuit(circuit);
  expect((await bench.call('GET', '/v1/queues/work')).body.circuit).toEqual(circuit);
  expect((await bench.call('GET', '/v1/queues/sums')).body.circuit).toBeNull();
  expect((await bench.post('sums', { name: 'add', data: { a: 1, b: 2 } })).status).toBe(202);
  await setCircuit(null);
  expect((await bench.call('GET', '/v1/queues/work')).body.circuit).toBeNull();
  expect((await bench.post('work', { name: 'x' })).status).toBe(202);
});

test('a stream waits for it, and goes on as soon as it is closed', async () => {
  await setCircuit(open(300_000));
  const lines = '{"name":"x"}\n'.repeat(3);
  const reply = fetch(`${bench.url}/v1/queues/work/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: lines,
  });
  const refused = async () => (await fetch(`${bench.healthUrl}/metrics`)).text();
  await until(async () => (await refused()).includes('code="circuit_open"'), 'the first line is refused');
  expect(await depth()).toBe(0);
  await setCircuit(null);
  const results = (await (await reply).text()).trim().split('\n');
  expect(results.map((line) => JSON.parse(line))).toEqual(
    [1, 2, 3].map((line) => ({ line, status: 202, id: String(line) })),
  );
});
