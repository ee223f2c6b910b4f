import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ProducerBench, producerBench } from '../../../tests/support/producer.ts';

let bench: ProducerBench;
beforeEach(async () => {
  bench = await producerBench('queue: {bound: 3}');
});
afterEach(() => bench.close());

const key = (value: string) => ({ 'idempotency-key': value });
const depth = async () => (await bench.store.queue('work').snapshot()).depth;

test('a repeat gets the first answer and adds nothing', async () => {
  const first = await bench.post('work', { name: 'x', data: { a: 1 } }, key('one'));
  const again = await bench.post('work', '{ "name": "x",\n  "data": {"a": 1} }', key('one'));
  expect(again.body).toEqual(first.body);
  expect(again.headers.get('location')).toBe(first.headers.get('location'));
  expect([first, again].map(({ headers }) => headers.get('idempotency-replayed'))).toEqual([null, 'true']);
  expect(await depth()).toBe(1);
});

test('the first answer is repeated even when the queue is full by now', async () => {
  const first = await bench.post('work', { name: 'x' }, key('one'));
  await bench.post('work', { jobs: [{ name: 'y' }, { name: 'z' }] });
  expect((await bench.post('work', { name: 'new' }, key('two'))).status).toBe(429);
  expect(await bench.post('work', { name: 'x' }, key('one'))).toMatchObject({
    status: 202,
    body: first.body,
  });
});

test('the same key with another body is a conflict', async () => {
  await bench.post('work', { name: 'x', data: 1 }, key('one'));
  for (const body of [{ name: 'x', data: 2 }, { name: 'y', data: 1 }, { jobs: [{ name: 'x', data: 1 }] }]) {
    expect(await bench.post('work', body, key('one'))).toMatchObject({
      status: 409,
      body: { code: 'idempotency_conflict' },
    });
  }
  expect(await depth()).toBe(1);
});

test('a refused add leaves its key free', async () => {
  await bench.post('work', { jobs: Array(3).fill({ name: 'x' }) });
  expect((await bench.post('work', { name: 'y' }, key('one'))).status).toBe(429);
  await bench.call('DELETE', '/v1/queues/work/jobs/1');
  const late = await bench.post('work', { name: 'y' }, key('one'));
  expect([late.status, late.headers.get('idempotency-replayed')]).toEqual([202, null]);
});

test('a bulk is repeated as a bulk; keys of other queues are other keys', async () => {
  const jobs = [{ name: 'x' }, { name: 'y' }];
  const first = await bench.post('work', { jobs }, key('one'));
  expect((await bench.post('work', { jobs }, key('one'))).body).toEqual(first.body);
  expect(
    (await bench.post('sums', { name: 'any' }, key('one'))).headers.get('idempotency-replayed'),
  ).toBeNull();
});

test('of many at the same time one adds', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => bench.post('work', { name: 'x' }, key('race'))),
  );
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') === null)).toHaveLength(1);
  expect(await depth()).toBe(1);
});
