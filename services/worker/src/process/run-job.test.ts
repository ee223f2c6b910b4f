import { ManualClock, MillraceError, type Outcome } from '@millrace/core';
import type { TakenJob } from '@millrace/queue';
import type { Handler } from '@millrace/sdk';
import { expect, test } from 'vitest';
import type { LaneRun } from '../lanes/lane.ts';
import { UNTRACED } from '../telemetry/run-tracing.ts';
import { ABORT_GRACE_MS, createRunner } from './run-job.ts';

const handler: Handler = {
  queue: 'q',
  name: 'job',
  lane: 'io',
  concurrency: null,
  timeoutMs: 1_000,
  retry: null,
  isolation: 'none',
  compute: null,
  file: '/handlers/job.ts',
  run: async () => null,
};

const registry = { get: (_: string, name: string) => (name === 'job' ? handler : undefined) };

function taken(over: Partial<TakenJob> = {}): TakenJob {
  const nothing = async () => undefined;
  const job = { id: '1', queue: 'q', name: 'job', data: 'good', attempt: 1, fence: 1, enqueuedAtMs: 0 };
  return {
    ...job,
    timeoutMs: null,
    deadlineMs: null,
    suspect: false,
    provenance: () => ({ timestampMs: 0, carrier: null, origin: 'single', before: null }),
    alone: nothing,
    progress: nothing,
    log: nothing,
    updateData: nothing,
    ...over,
  };
}

/** A lane whose run waits for the test; it obeys its contract and no more. */
async function setup(job: Partial<TakenJob> = {}, options: { begin?: boolean } = {}) {
  const clock = new ManualClock();
  const settled = Promise.withResolvers<Outcome>();
  const suspects: boolean[] = [];
  let run: LaneRun | undefined;
  const runner = createRunner({
    registry,
    maxResultBytes: 100,
    openTracing: () => UNTRACED,
    clock,
    laneOf: (_, suspect) => ({
      run(laneRun) {
        suspects.push(suspect);
        run = laneRun;
        if (options.begin ?? true) laneRun.started();
        laneRun.abandon.addEventListener('abort', () =>
          settled.resolve({ kind: 'fail', error: laneRun.abandon.reason, retry: true }),
        );
        return settled.promise;
      },
    }),
  });
  const taking = new AbortController();
  const outcome = runner.run(taken(job), taking.signal);
  await new Promise((resolve) => setImmediate(resolve));
  const told = { run: () => run as LaneRun, suspects: () => suspects };
  return { clock, runner, outcome, finish: settled.resolve, takeAway: taking, ...told };
}

const ok = (value: unknown): Outcome => ({ kind: 'ok', value });
const codeOf = (outcome: Outcome) =>
  outcome.kind === 'fail' && outcome.error instanceof MillraceError ? outcome.error.code : null;

test('the lane gets the data as it is stored, and its outcome is the job’s', async () => {
  const { run, finish, outcome } = await setup();
  expect(run().data).toBe('good');
  finish(ok({ done: true }));
  expect(await outcome).toEqual(ok({ done: true }));
});

test('a name that nobody here knows may be retried elsewhere', async () => {
  const { outcome } = await setup({ name: 'newer' });
  expect(await outcome).toMatchObject({ kind: 'fail', retry: true });
  expect(codeOf(await outcome)).toBe('not_found');
});

test('at its timeout the handler is told, and whatever it makes of it the job has failed', async () => {
  const { clock, run, finish, outcome } = await setup();
  clock.advance(999);
  expect(run().signal.aborted).toBe(false);
  clock.advance(1);
  expect(run().signal.reason).toMatchObject({ code: 'job_timeout' });
  expect(run().abandon.aborted).toBe(false);
  finish(ok('too late'));
  expect(codeOf(await outcome)).toBe('job_timeout');
});

test('a handler that ignores its timeout is abandoned after the grace', async () => {
  const { clock, outcome } = await setup();
  clock.advance(1_000 + ABORT_GRACE_MS);
  expect(codeOf(await outcome)).toBe('job_timeout');
});

test('the job’s own timeout goes before the handler’s', async () => {
  const { clock, run } = await setup({ timeoutMs: 5 });
  clock.advance(5);
  expect(run().signal.aborted).toBe(true);
});

test('waiting for a thread is not running: the timeout counts from the handler’s start', async () => {
  const { clock, run } = await setup({}, { begin: false });
  clock.advance(10_000);
  expect(run().signal.aborted).toBe(false);
  run().started();
  clock.advance(1_000);
  expect(run().signal.aborted).toBe(true);
});

test('a lost lock tells the handler and abandons it after the grace', async () => {
  const { clock, run, takeAway, outcome } = await setup();
  takeAway.abort('lock lost');
  expect(run().signal.reason).toMatchObject({ code: 'lock_lost' });
  clock.advance(ABORT_GRACE_MS);
  expect(codeOf(await outcome)).toBe('lock_lost');
});

test('told of a drain, a handler that gives up is returned; one that finishes has finished', async () => {
  const givesUp = await setup();
  givesUp.runner.noticeDrain();
  expect(givesUp.run().signal.reason).toMatchObject({ code: 'draining' });
  givesUp.finish({ kind: 'fail', error: new Error('aborted'), retry: true });
  expect(await givesUp.outcome).toEqual({ kind: 'returned', reason: 'drain' });

  const finishes = await setup();
  finishes.runner.noticeDrain();
  finishes.finish(ok(1));
  expect(await finishes.outcome).toEqual(ok(1));
});

test('a drain never abandons: the time until the hand-back belongs to the handler', async () => {
  const { clock, runner, run } = await setup({ timeoutMs: 600_000 });
  runner.noticeDrain();
  clock.advance(10 * ABORT_GRACE_MS);
  expect(run().abandon.aborted).toBe(false);
});

test('a timeout during a drain is still a timeout, and a job taken during a drain is told at once', async () => {
  const { clock, runner, run, outcome } = await setup();
  runner.noticeDrain();
  clock.advance(1_000 + ABORT_GRACE_MS);
  expect(codeOf(await outcome)).toBe('job_timeout');
  void runner.run(taken(), new AbortController().signal);
  await new Promise((resolve) => setImmediate(resolve));
  expect(run().signal.aborted).toBe(true);
});

test('a result over the limit fails for good', async () => {
  const { finish, outcome } = await setup();
  finish(ok('x'.repeat(99)));
  expect(await outcome).toMatchObject({ kind: 'fail', retry: false });
  expect(codeOf(await outcome)).toBe('result_too_large');
});

test('a job whose deadline has passed is not started, and not tried again', async () => {
  const past = await setup({ deadlineMs: 999_999 }, { begin: false });
  expect(await past.outcome).toMatchObject({ kind: 'cancel' });
  expect(past.run()).toBeUndefined();
  const future = await setup({ deadlineMs: 1_000_001 });
  expect(future.run()).toBeDefined();
});

const killed: Outcome = {
  kind: 'killed',
  kill: {
    atMs: 1,
    worker: 'w',
    cause: 'crash',
    exitCode: 1,
    exitSignal: null,
    isolated: true,
    lastLines: [],
    peakRssBytes: null,
    memoryLimitBytes: null,
    coRunners: [],
    beats: [],
  },
};

test('a suspect is one for its lane', async () => {
  expect((await setup({ suspect: true })).suspects()).toEqual([true]);
  expect((await setup()).suspects()).toEqual([false]);
});

test('who killed has killed, whatever it was told before', async () => {
  const late = await setup();
  late.clock.advance(1_000);
  late.finish(killed);
  expect(await late.outcome).toEqual(killed);
  const drained = await setup();
  drained.runner.noticeDrain();
  drained.finish(killed);
  expect(await drained.outcome).toEqual(killed);
});

test('a call that the handler does not await fails unheard; one that it awaits is its own', async () => {
  const refused = () => Promise.reject(new Error('no longer yours'));
  const { run, finish } = await setup({ progress: refused, log: refused });
  void run().progress(1);
  void run().log('line');
  await expect(run().log('line')).rejects.toThrow('no longer yours');
  finish(ok(1));
});
