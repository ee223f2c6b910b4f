import { fileURLToPath } from 'node:url';
import { silentLog, systemClock } from '@millrace/core';
import { lifecycleStress } from '@millrace/core/testing';
import { type Handler, loadHandlerFile } from '@millrace/sdk';
import { afterEach, expect, test, vi } from 'vitest';
import { UNTRACED } from '../telemetry/run-tracing.ts';
import { type CpuLane, createCpuLane } from './cpu-lane.ts';
import type { LaneRun } from './lane.ts';
import { createVerdict } from './verdict.ts';

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../../../tests/fixtures/handlers/worker/${name}.ts`, import.meta.url));
const lanes: CpuLane[] = [];

const verdictWith = (quarantine: boolean) =>
  createVerdict({ quarantine, worker: 'w', clock: systemClock, log: silentLog });

async function laneOf(name: string, quarantine = true): Promise<{ lane: CpuLane; handler: Handler }> {
  const verdict = verdictWith(quarantine);
  const lane = createCpuLane({ threads: 1, files: [fixture(name)], tracing: null, verdict, log: silentLog });
  lanes.push(lane);
  await lane.start();
  return { lane, handler: await loadHandlerFile(fixture(name)) };
}

function runOf(handler: Handler, data: unknown, over: Partial<LaneRun> = {}): LaneRun {
  return {
    handler,
    data,
    job: { id: '1', queue: handler.queue, name: handler.name, attempt: 1, fence: 1 },
    signal: new AbortController().signal,
    abandon: new AbortController().signal,
    started: () => undefined,
    tracing: UNTRACED,
    alone: () => undefined,
    progress: async () => undefined,
    log: async () => undefined,
    ...over,
  };
}

afterEach(async () => {
  await Promise.all(lanes.splice(0).map((lane) => lane.stop()));
});

test('progress and log reach the job, and their failure the handler', async () => {
  const { lane, handler } = await laneOf('spin');
  const told: unknown[] = [];
  const progress = async (value: unknown) => void told.push(value);
  expect(await lane.run(runOf(handler, { ms: 1 }, { progress }))).toMatchObject({ kind: 'ok' });
  expect(told).toEqual([1]);
  const refuse = () => Promise.reject(new Error('fenced'));
  expect(await lane.run(runOf(handler, { ms: 1 }, { progress: refuse }))).toMatchObject({
    kind: 'fail',
    error: { message: 'fenced' },
  });
});

test('code that never looks at its signal loses its thread, and the next run has one', async () => {
  const { lane, handler } = await laneOf('spin');
  const abandon = new AbortController();
  const log = async () => abandon.abort(new Error('enough'));
  const outcome = await lane.run(runOf(handler, { ms: 0 }, { abandon: abandon.signal, log }));
  expect(outcome).toMatchObject({ kind: 'fail', error: { message: 'enough' } });
  expect(await lane.run(runOf(handler, { ms: 1 }))).toMatchObject({ kind: 'ok' });
});

test('a run that is abandoned while it waits for a thread never begins', async () => {
  const { lane, handler } = await laneOf('spin');
  const first = new AbortController();
  const second = new AbortController();
  const began = vi.fn();
  const spinning = Promise.withResolvers<void>();
  const running = lane.run(
    runOf(handler, { ms: 0 }, { abandon: first.signal, log: async () => spinning.resolve() }),
  );
  await spinning.promise;
  const waiting = lane.run(runOf(handler, { ms: 0 }, { abandon: second.signal, started: began }));
  second.abort(new Error('never mind'));
  expect(await waiting).toMatchObject({ kind: 'fail', error: { message: 'never mind' } });
  first.abort(new Error('enough'));
  await running;
  expect(began).not.toHaveBeenCalled();
});

test.each([
  ['throw', null, 'nobody catches me'],
  ['exit', 3, 'exited with code: 3'],
])(
  'a run whose stray %s takes down its thread has killed, and no other run',
  async (how, exitCode, words) => {
    const { lane, handler } = await laneOf('stray');
    const kill = { cause: 'crash', exitCode, isolated: true, worker: 'w' };
    const outcome = await lane.run(runOf(handler, { how }));
    expect(outcome).toMatchObject({ kind: 'killed', kill });
    expect(outcome.kind === 'killed' && outcome.kill.lastLines.join('\n')).toContain(words);
    expect(outcome.kind === 'killed' && outcome.kill.memoryLimitBytes).toBeGreaterThan(0);
    expect(await lane.run(runOf(handler, { how: 'return' }))).toEqual({ kind: 'ok', value: 'return' });
  },
);

test('with the quarantine off a dead thread is a failed attempt', async () => {
  const { lane, handler } = await laneOf('stray', false);
  const failure = { kind: 'fail', retry: true, error: { code: 'job_crashed' } };
  expect(await lane.run(runOf(handler, { how: 'throw' }))).toMatchObject(failure);
});

test.each(['throw later', 'exit later'])(
  'a thread that an earlier job takes down (%s) is not blamed on the job that it runs',
  async (how) => {
    const { lane, handler } = await laneOf('stray');
    const job = (id: string) => ({ id, queue: 'stray', name: 'stray', attempt: 1, fence: 1 });
    const first = await lane.run(runOf(handler, { how }, { job: job('1') }));
    expect(first).toEqual({ kind: 'ok', value: how });
    const second = await lane.run(runOf(handler, { how: 'linger' }, { job: job('2') }));
    expect(second).toEqual({ kind: 'returned', reason: 'an earlier job took down its thread' });
  },
);

test('a run that the lane’s own end cuts off goes back uncounted', async () => {
  const { lane, handler } = await laneOf('spin');
  const log = async () => lane.stop();
  expect(await lane.run(runOf(handler, { ms: 0 }, { log }))).toMatchObject({ kind: 'returned' });
  expect(await lane.run(runOf(handler, { ms: 1 }))).toMatchObject({ kind: 'returned' });
});

test('compute runs a function of the table in a thread, and its error is the caller’s', async () => {
  const { lane, handler } = await laneOf('sum');
  const { signal } = new AbortController();
  expect(await lane.compute({ file: handler.file, fn: 'sum', args: [[1, 2, 3]] }, signal)).toBe(6);
  await expect(lane.compute({ file: handler.file, fn: 'sum', args: [null] }, signal)).rejects.toThrow(/null/);
});

test('keeps the lifecycle contract', async () => {
  const { handler } = await laneOf('sum');
  await lifecycleStress(
    () => createCpuLane({ threads: 1, files: [], tracing: null, verdict: verdictWith(true), log: silentLog }),
    (lane) =>
      lane.compute({ file: handler.file, fn: 'sum', args: [[1]] }, new AbortController().signal).then(
        (sum) => sum === 1,
        () => false,
      ),
  );
});
