import { type EndedAttempt, MillraceError, type NewJob, type Outcome, systemClock } from '@millrace/core';
import type { TakenJob } from '@millrace/queue';
import { Queue } from 'bullmq';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dies, killed } from '../../../../tests/support/deaths.ts';
import { gate, jobs, type QueueBench, queueBench, until } from '../../../../tests/support/queue.ts';
import { testStore } from '../../../../tests/support/store.ts';

let bench: QueueBench;
let told: EndedAttempt[];
const onAttemptEnd = (attempt: EndedAttempt) => void told.push(read(attempt));
beforeEach(() => {
  bench = queueBench('poison: { quarantine: true, kills: 2 }');
  told = [];
});
afterEach(() => bench.close());

/** All that it tells, at the moment when it is told. */
function read(attempt: EndedAttempt): EndedAttempt {
  const { queue, id, name, timestampMs, enqueuedUs, dueUs, startedUs, endedUs, settledUs } = attempt;
  const { start, outcome, error, worker, carrier, origin, before, replayOf } = attempt;
  const times = { timestampMs, enqueuedUs, dueUs, startedUs, endedUs, settledUs };
  const rest = { start, attempt: attempt.attempt, outcome, error, worker, carrier, origin, before, replayOf };
  return { queue, id, name, ...times, ...rest };
}

const ok: Outcome = { kind: 'ok', value: 1 };
const fail = (error: Error, retry = true): Outcome => ({ kind: 'fail', error, retry });

async function add(opts: NewJob['opts'] = {}): Promise<void> {
  await (await bench.store()).queue('work').add([{ name: 'job', data: {}, opts }]);
}

async function runAll(
  ends: number,
  run: (job: TakenJob) => Promise<Outcome>,
  startId = 'pod.one',
): Promise<void> {
  const consumer = bench.consumer({ startId, run, onAttemptEnd });
  await consumer.start();
  await until(() => told.length >= ends, `${ends} attempts have ended`);
  await consumer.idle();
  expect(told).toHaveLength(ends);
}

function inOrder({ enqueuedUs, dueUs, startedUs, endedUs, settledUs }: EndedAttempt): void {
  const times = [enqueuedUs, dueUs, startedUs, endedUs, settledUs];
  expect(times).toEqual(times.toSorted((a, b) => a - b));
}

test('a completed attempt is told once, with its times in order', async () => {
  await add();
  await runAll(1, async () => {
    await systemClock.sleep(5);
    return ok;
  });
  const [first] = told as [EndedAttempt];
  expect(first).toMatchObject({ id: '1', name: 'job', queue: 'work', worker: 'pod.one', origin: 'single' });
  expect(first).toMatchObject({ start: 1, attempt: 1, outcome: 'completed', error: null, carrier: null });
  expect(first).toMatchObject({ before: null, replayOf: null, dueUs: first.enqueuedUs });
  expect(first.endedUs - first.startedUs).toBeGreaterThanOrEqual(4_000);
  inOrder(first);
});

test('a retry knows the start before it, and from when on it was due', async () => {
  await add({ attempts: 3, backoff: { type: 'fixed', delayMs: 40 } });
  await runAll(2, async ({ attempt }) => {
    if (attempt === 1) return fail(new RangeError('too far'));
    return attempt === 2 ? fail(new MillraceError('job_timeout', 'too long'), false) : ok;
  });
  const [first, second] = told as [EndedAttempt, EndedAttempt];
  expect(first).toMatchObject({ start: 1, attempt: 1, outcome: 'retried', before: null });
  expect(first.error).toMatchObject({ type: 'RangeError', message: 'too far' });
  expect(second).toMatchObject({ start: 2, attempt: 2, outcome: 'failed', before: 1 });
  expect(second.error).toMatchObject({ type: 'job_timeout', message: 'too long' });
  expect(second.dueUs - first.endedUs).toBeGreaterThanOrEqual(35_000);
  inOrder(second);
});

test('what waits for its time is due then', async () => {
  await add({ delayMs: 60 });
  await runAll(1, async () => ok);
  const [only] = told as [EndedAttempt];
  expect(only.dueUs - only.enqueuedUs).toBeGreaterThanOrEqual(55_000);
  inOrder(only);
});

test('a job that an operator runs again goes on with the attempt that failed, and waits from then on', async () => {
  const queue = (await bench.store()).queue('work');
  await add();
  const run = async () => fail(new Error('no'));
  await runAll(1, run);
  const [{ id }] = told as [EndedAttempt];
  const againUs = systemClock.epochUs();
  await queue.retry(id);
  await runAll(2, run, 'pod.two');
  const [, again] = told as [EndedAttempt, EndedAttempt];
  expect(again).toMatchObject({ start: 2, attempt: 1, outcome: 'failed', before: 1 });
  expect(again.dueUs).toBeGreaterThan(againUs - 5_000);
  expect((await queue.job(id))?.attempts).toMatchObject([
    { start: 1, outcome: 'failed', error: 'no' },
    { start: 2, outcome: 'failed' },
  ]);
});

test('a snooze and a return cost nothing, and are no reason to follow the job', async () => {
  await add();
  await runAll(3, async ({ fence }) => {
    if (fence === 1) return { kind: 'snooze', delayMs: 30 };
    return fence === 2 ? { kind: 'returned', reason: 'drain' } : { kind: 'cancel', reason: 'not wanted' };
  });
  expect(told.map(({ outcome, attempt, before }) => ({ outcome, attempt, before }))).toEqual([
    { outcome: 'returned', attempt: 1, before: null },
    { outcome: 'returned', attempt: 1, before: null },
    { outcome: 'failed', attempt: 1, before: null },
  ]);
  const [snoozed, , cancelled] = told as [EndedAttempt, EndedAttempt, EndedAttempt];
  expect((told[1]?.dueUs ?? 0) - snoozed.endedUs).toBeGreaterThanOrEqual(25_000);
  expect(cancelled.error).toEqual({ type: 'cancelled', message: 'not wanted' });
});

test('a job that took down its own process is told as such: sent back, and then for good', async () => {
  await add();
  await runAll(2, async () => killed());
  expect(told.map(({ outcome, before, error }) => [outcome, before, error?.type])).toEqual([
    ['retried', null, 'job_crashed'],
    ['failed', 1, 'job_crashed'],
  ]);
});

test('what a dead start ran is not told by it, and the next start knows of that one', async () => {
  const store = await bench.store();
  await add();
  await dies(bench, store, {});
  await runAll(1, async () => ok);
  expect(told[0]).toMatchObject({ start: 2, before: 1, outcome: 'completed' });
});

test('an end that the store refuses is not told', async () => {
  await add();
  const store = await bench.store();
  const hold = gate();
  const fenced = Promise.withResolvers<void>();
  const consumer = bench.consumer({
    ...{ startId: 'pod.old', run: hold.run, onAttemptEnd, onFenced: fenced.resolve },
  });
  await consumer.start();
  await until(() => hold.started.size === 1, 'it runs');
  await store.supervision.fence('work', 'pod.old');
  hold.finishAll();
  await fenced.promise;
  await consumer.stop();
  expect(told).toEqual([]);
});

test('what a drain hands back is told at once, and its late end is not', async () => {
  await add();
  const hold = gate();
  const consumer = bench.consumer({ run: hold.run, onAttemptEnd });
  await consumer.start();
  await until(() => hold.started.size === 1, 'it runs');
  await consumer.quiesce();
  expect(await consumer.handBack('drain')).toEqual(['1']);
  hold.finishAll();
  await consumer.idle();
  expect(told.map(({ outcome, id }) => [outcome, id])).toEqual([['returned', '1']]);
});

test('a stranger’s job tells what it carries', async () => {
  const queue = new Queue('work', { connection: { url: testStore().url }, prefix: bench.prefix });
  const metadata = JSON.stringify({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` });
  await queue.add('job', {}, { telemetry: { metadata } });
  await queue.close();
  await runAll(1, async () => ok);
  const [only] = told as [EndedAttempt];
  expect(only).toMatchObject({ origin: 'foreign', carrier: metadata, enqueuedUs: only.timestampMs * 1000 });
});

test('a listener that throws harms no job', async () => {
  const store = await bench.store();
  await store.queue('work').add(jobs(2));
  let heard = 0;
  const onAttemptEnd = () => {
    heard += 1;
    throw new Error('deaf');
  };
  await bench.consumer({ onAttemptEnd }).start();
  await until(() => heard === 2, 'both were told');
  await until(
    async () => (await store.queue('work').snapshot()).counts.completed === 2,
    'both are completed',
  );
});
