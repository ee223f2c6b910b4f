import { type DeadAttempt, newStartId } from '@millrace/core';
import { Queue } from 'bullmq';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  certificateOf,
  gate,
  jobs,
  type QueueBench,
  queueBench,
  until,
} from '../../../../tests/support/queue.ts';
import type { TracedJobFacts } from '../traced-job.ts';
import type { Store } from '../types/store.ts';
import { deadAttemptOf } from './dead-attempts.ts';

let bench: QueueBench;
let store: Store;
beforeEach(async () => {
  bench = queueBench();
  store = await bench.store('patient');
});
afterEach(() => bench.close());

async function ids(n: number): Promise<string[]> {
  const added = await store.queue('work').add(jobs(n));
  return added.kind === 'accepted' ? [...added.ids] : [];
}

/** A start that took `n` jobs and died; its jobs are back in their queue. */
async function death(n: number) {
  const hold = gate();
  const startId = newStartId('pod');
  await bench.consumer({ startId, concurrency: n, run: hold.run }).start();
  await until(() => hold.started.size === n, 'they run');
  await store.supervision.fence('work', startId);
  const certificate = certificateOf(startId, { cause: 'oom' });
  const { jobIds } = await store.supervision.reclaim('work', { startId, certificate });
  return { startId, jobIds };
}

test('a dead start’s attempts are told as they were, in order, also when others have taken the jobs since', async () => {
  const added = await ids(3);
  const { startId, jobIds } = await death(3);
  const ran = bench.consumer({ run: async () => ({ kind: 'ok', value: null }) });
  await ran.start();
  await until(async () => (await store.queue('work').snapshot()).counts.completed === 3, 'they ran again');
  const told = await store.supervision.deadAttempts('work', startId, jobIds);
  expect(told.map(({ id }) => id)).toEqual(added);
  for (const attempt of told) {
    expect(attempt).toMatchObject({
      ...{ queue: 'work', name: 'job', worker: startId, start: 1, attempt: 1, before: null, cause: 'oom' },
      ...{ carrier: null, origin: 'single', replayOf: null, hasTracedPast: false },
    });
    const { enqueuedUs, dueUs, startedUs, returnedUs } = attempt;
    expect(dueUs).toBeGreaterThan(enqueuedUs - 2_000);
    expect(startedUs).toBeGreaterThanOrEqual(dueUs);
    expect(returnedUs).toBeGreaterThanOrEqual(startedUs);
  }
});

test('a second death’s attempt names the first’s, and a job that is gone is left out', async () => {
  await ids(2);
  const first = await death(2);
  const { startId, jobIds } = await death(2);
  await bench.redis.del(`${bench.prefix}:work:${jobIds[0]}`);
  const told = await store.supervision.deadAttempts('work', startId, jobIds);
  expect(told).toMatchObject([{ id: jobIds[1], start: 2, before: 1, hasTracedPast: true, worker: startId }]);
  const earlier = await store.supervision.deadAttempts('work', first.startId, jobIds);
  expect(earlier).toMatchObject([{ id: jobIds[1], start: 1, before: null, worker: first.startId }]);
  expect(await store.supervision.deadAttempts('work', newStartId('pod'), jobIds)).toEqual([]);
});

test('what a stranger added is told as foreign, with what it carries', async () => {
  const queue = new Queue('work', { connection: bench.redis, prefix: bench.prefix });
  const carrier = '{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}';
  await queue.add('foreign', {}, { telemetry: { metadata: carrier } });
  const { startId, jobIds } = await death(1);
  const [told] = await store.supervision.deadAttempts('work', startId, jobIds);
  expect(told).toMatchObject({ name: 'foreign', origin: 'foreign', carrier });
  expect(told?.enqueuedUs).toBe((told?.timestampMs ?? 0) * 1000);
});

test('the attempts of a death, and its trace, are one supervisor’s to write, whoever asks and however often', async () => {
  const startId = newStartId('pod');
  const { supervision, board } = store;
  const other = (await bench.store('patient')).supervision;
  const claims = () =>
    Promise.all([
      supervision.claimDeadAttempts('work', startId, 'a'),
      other.claimDeadAttempts('work', startId, 'b'),
    ]);
  const first = await claims();
  expect(first.filter(Boolean)).toHaveLength(1);
  // The answer may have been lost: who asks again is told the same.
  expect(await claims()).toEqual(first);
  expect(await supervision.claimDeadAttempts('more', startId, 'c')).toBe(true);
  expect(await bench.redis.pttl(`${bench.prefix}:work:millrace:death:${startId}`)).toBeGreaterThan(0);
  expect(await board.claimRecoveryTrace(startId, 'a')).toBe(true);
  expect(await board.claimRecoveryTrace(startId, 'b')).toBe(false);
  expect(await board.claimRecoveryTrace(startId, 'a')).toBe(true);
  expect(await bench.redis.pttl(`millrace:{${bench.prefix}}:recovery-trace:${startId}`)).toBeGreaterThan(0);
  expect(await board.claimRecoveryTrace(newStartId('pod'), 'b')).toBe(true);
});

test('a wait is counted from when the attempt before ended, or was due again; attempts that count are counted', () => {
  const facts: TracedJobFacts = {
    ...{ queue: 'q', id: '1', name: 'n', timestampMs: 1, enqueuedUs: 1_000, firstDueUs: 5_000 },
    ...{ carrier: null, origin: 'single', replayOf: null },
  };
  const line = (fields: object) => `${JSON.stringify(fields)}\n`;
  const past =
    line({ s: 1, w: 'a', a: 7, e: 9, o: 'retried', d: 20 }) +
    line({ s: 2, w: 'a', a: 21, e: 22, o: 'returned' }) +
    line({ s: 3, w: 'b', a: 30, e: 40, o: 'killed', c: 'crash' });
  expect(deadAttemptOf(facts, past, 'b')).toMatchObject({
    ...{ start: 3, attempt: 2, before: 2, hasTracedPast: true, dueUs: 22_000, startedUs: 30_000 },
    ...{ returnedUs: 40_000, cause: 'crash' },
  });
  const second =
    line({ s: 1, w: 'a', a: 7, e: 9, o: 'retried', d: 20 }) +
    line({ s: 2, w: 'b', a: 21, e: 40, o: 'killed' });
  expect(deadAttemptOf(facts, second, 'b')).toMatchObject({ before: 1, dueUs: 20_000 });
  expect(deadAttemptOf(facts, line({ s: 1, w: 'b', a: 7, e: 9, o: 'killed' }), 'b')).toMatchObject({
    dueUs: 5_000,
  });
  expect(deadAttemptOf(facts, '', 'b')).toBeNull();
});

test('jobs whose locks ran out are told of once, by whoever put them back', async () => {
  await bench.close();
  bench = queueBench('worker: {lockMs: 1000}');
  store = await bench.store('patient');
  const hold = gate();
  const startId = newStartId('pod');
  const told: DeadAttempt[] = [];
  const onAttemptsLost = (attempts: readonly DeadAttempt[]) => void told.push(...attempts);
  const consumers = [bench.consumer({ startId, concurrency: 1, run: hold.run, onAttemptsLost })];
  await consumers[0]?.start();
  const [id] = await ids(1);
  await until(() => hold.started.size === 1, 'it runs');
  const ran: string[] = [];
  for (const _ of [1, 2]) {
    const run = async (job: { id: string }) => ({ kind: 'ok' as const, value: ran.push(job.id) });
    const consumer = bench.consumer({ run, onAttemptsLost });
    consumers.push(consumer);
    await consumer.start();
  }
  // It does not know that it lost the lock, and may even be the one that looks.
  await bench.redis.set(`${bench.prefix}:work:${id}:lock`, 'strangers', 'PX', 1);
  await until(() => ran.length === 1, 'it ran again');
  await until(() => told.length > 0, 'it is told of');
  expect(told).toMatchObject([{ id, start: 1, worker: startId, cause: 'stalled', before: null }]);
  // And counted once, over all who look.
  expect(consumers.reduce((sum, consumer) => sum + consumer.activity().stalled, 0)).toBe(1);
});
