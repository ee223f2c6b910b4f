import type { PoolScaling } from '@millrace/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ProducerBench, producerBench } from '../../../tests/support/producer.ts';

let bench: ProducerBench;
beforeEach(async () => {
  bench = await producerBench('worker: {processes: 1, concurrency: 2}\npools: {mail: {queues: [letters]}}');
});
afterEach(() => bench.close());

const written = (desired: number, atMs: number): PoolScaling => ({
  ...{ pool: 'mail', desired, waiting: 0, delayedDue: 0, active: 0, concurrency: 2, serviceMs: 10_000 },
  ...{ serviceKnown: true, queues: ['letters'], atMs },
});
const save = (desired: number, ageMs: number) =>
  bench.store.board.saveScaling([written(desired, Date.now() - ageMs)]);
const scaling = () => bench.call('GET', '/v1/scaling/mail');
const addTen = () => bench.post('letters', { jobs: Array.from({ length: 10 }, () => ({ name: 'x' })) });

test('the leader’s number, as it was written', async () => {
  await save(6, 1_000);
  await addTen();
  expect(await scaling()).toMatchObject({
    status: 200,
    body: { pool: 'mail', desired: 6, serviceKnown: true },
  });
});

test('an old one rises with the counts, and never falls', async () => {
  await save(1, 16_000);
  await addTen();
  // Ten jobs of an assumed second within 5 s are 2 slots; a pod has 2.
  expect((await scaling()).body).toMatchObject({ desired: 1, waiting: 10 });
  for (let n = 0; n < 3; n++) await addTen();
  expect((await scaling()).body).toMatchObject({ desired: 4, waiting: 40, serviceKnown: false });
  await save(9, 16_000);
  expect((await scaling()).body).toMatchObject({ desired: 9 });
});

test('before a leader has ever written, the counts; the pool’s queue takes jobs before its first pod', async () => {
  await addTen();
  expect((await scaling()).body).toMatchObject({ desired: 1, active: 0, waiting: 10, queues: ['letters'] });
});

test('a pool that nobody knows is not found', async () => {
  expect(await bench.call('GET', '/v1/scaling/mial')).toMatchObject({
    status: 404,
    body: { code: 'not_found', pools: ['mail'] },
  });
});
