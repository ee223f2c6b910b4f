import { Queue } from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { jobs, type QueueBench, queueBench, until } from '../../../tests/support/queue.ts';
import type { AddContext, BoundedQueue } from './types/queue.ts';

const CARRIER = '{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}';

let bench: QueueBench;
let queue: BoundedQueue;
beforeEach(async () => {
  bench = queueBench();
  queue = (await bench.store()).queue('work');
});
afterEach(() => bench.close());

async function addOne(context?: AddContext, opts: object = {}) {
  const added = await queue.add([{ name: 'job', data: null, opts }], undefined, context);
  if (added.kind !== 'accepted') throw new Error('refused');
  return { id: added.ids[0] as string, times: added.times };
}

const storedOptions = async (id: string) =>
  JSON.parse((await bench.redis.hget(`${bench.prefix}:work:${id}`, 'opts')) ?? '{}') as Record<
    string,
    unknown
  >;

test('a job that brought nothing carries nothing, and is a single one', async () => {
  const { id, times } = await addOne();
  expect(Object.keys(await storedOptions(id)).sort()).toEqual(['attempts', 'enqueuedUs']);
  expect(await queue.provenance(id)).toEqual({
    ...{ queue: 'work', id, carrier: null, origin: 'single', timestampMs: times?.timestampMs },
  });
  expect(await storedOptions(id)).toMatchObject({ enqueuedUs: String(times?.enqueuedUs) });
});

test('what a client handed in with it is stored where BullMQ keeps it, in every state that an add leads to', async () => {
  for (const opts of [{}, { delayMs: 60_000 }, { priority: 3 }, { deduplicationId: 'one' }]) {
    const { id } = await addOne({ carrier: CARRIER, origin: 'single' }, opts);
    expect(await storedOptions(id)).toMatchObject({ tm: CARRIER });
    expect(await queue.provenance(id)).toMatchObject({ carrier: CARRIER, origin: 'single' });
    const seen = await queue.job(id);
    expect(seen?.provenance).toEqual(await queue.provenance(id));
    expect(seen?.opts).not.toHaveProperty('tm');
  }
});

test('the jobs of a bulk say so', async () => {
  const added = await queue.add(jobs(2), undefined, { carrier: null, origin: 'bulk' });
  for (const id of added.kind === 'accepted' ? added.ids : []) {
    expect(await storedOptions(id)).toMatchObject({ mo: 'b' });
    expect(await queue.provenance(id)).toMatchObject({ carrier: null, origin: 'bulk' });
    expect((await queue.job(id))?.opts).not.toHaveProperty('mo');
  }
});

test('a repeat and a deduplicated job tell of the job that is there, not of themselves', async () => {
  const key = { key: 'k', bodyHash: 'h' };
  const first = await queue.add(jobs(1), key, { carrier: CARRIER, origin: 'single' });
  const again = await queue.add(jobs(1), key, { carrier: null, origin: 'single' });
  expect(again).toMatchObject({ replayed: true, times: null });
  const [id] = first.kind === 'accepted' ? first.ids : [];
  expect(await queue.provenance(id as string)).toMatchObject({ carrier: CARRIER });

  const one = await addOne({ carrier: CARRIER, origin: 'single' }, { deduplicationId: 'd' });
  const two = await addOne(undefined, { deduplicationId: 'd' });
  expect(two.id).toBe(one.id);
  expect(await queue.provenance(two.id)).toMatchObject({ carrier: CARRIER });
});

test('a replay is given the dead letter’s place, and carries what comes of it', async () => {
  const { id } = await addOne({ carrier: CARRIER, origin: 'single' });
  const consumer = bench.consumer({
    run: async () => ({ kind: 'fail', error: new Error('broken'), retry: false }),
  });
  await consumer.start();
  await until(async () => (await queue.snapshot()).counts.failed === 1, 'it is dead');
  await consumer.stop();
  const seen: unknown[] = [];
  const replayed = await queue.replay(id, (dead) => {
    seen.push(dead);
    return 'its place';
  });
  expect(seen).toEqual([{ ...(await queue.provenance(id)), start: 1 }]);
  const copy = replayed.kind === 'added' ? replayed.jobId : '';
  expect(await queue.provenance(copy)).toMatchObject({ carrier: 'its place', origin: 'replay' });
  expect(await queue.replay(id)).toMatchObject({ jobId: copy, replayed: false });
});

test('stock clients: a plain add is a stranger’s, one with bullmq-otel brings its span, a scheduler’s is scheduled', async () => {
  const connection = { host: bench.redis.options.host, port: bench.redis.options.port } as const;
  const plain = new Queue('work', { connection, prefix: bench.prefix });
  const traced = new Queue('work', {
    ...{ connection, prefix: bench.prefix, telemetry: new BullMQOtel({ tracerName: 'test' }) },
  });
  try {
    const stranger = await plain.add('job', {});
    expect(await queue.provenance(stranger.id as string)).toMatchObject({ carrier: null, origin: 'foreign' });
    const known = await plain.add('job', {}, { telemetry: { metadata: CARRIER } });
    expect(await queue.provenance(known.id as string)).toMatchObject({ carrier: CARRIER, origin: 'foreign' });
    const scheduled = await plain.upsertJobScheduler('every', { every: 60_000 }, { name: 'job' });
    expect(await queue.provenance(scheduled?.id as string)).toMatchObject({ origin: 'scheduled' });
    const empty = await traced.add('job', {});
    expect(await queue.provenance(empty.id as string)).toMatchObject({ origin: 'foreign' });
  } finally {
    await plain.close();
    await traced.close();
  }
});

test('what is no job has no provenance', async () => {
  expect(await queue.provenance('404')).toBeNull();
});
