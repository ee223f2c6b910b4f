import { fileURLToPath } from 'node:url';
import { silentLog } from '@millrace/core';
import { lifecycleStress } from '@millrace/core/testing';
import { type Handler, loadHandlerFile } from '@millrace/sdk';
import { afterEach, expect, test, vi } from 'vitest';
import { type CpuLane, createCpuLane } from './cpu-lane.ts';
import type { LaneRun } from './lane.ts';

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../../../tests/fixtures/handlers/worker/${name}.ts`, import.meta.url));
const lanes: CpuLane[] = [];

async function laneOf(name: string, threads = 1): Promise<{ lane: CpuLane; handler: Handler }> {
  const lane = createCpuLane({ threads, files: [fixture(name)], log: silentLog });
  lanes.push(lane);
  await lane.start();
  return { lane, handler: await loadHandlerFile(fixture(name)) };
}

function runOf(handler: Handler, input: unknown, over: Partial<LaneRun> = {}): LaneRun {
  return {
    handler,
    input,
    job: { id: '1', queue: handler.queue, name: handler.name, attempt: 1, fence: 1 },
    signal: new AbortController().signal,
    abandon: new AbortController().signal,
    started: () => undefined,
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

test.each(['throw', 'exit'])('a stray %s takes down the thread of its run, and no other run', async (how) => {
  const { lane, handler } = await laneOf('stray');
  expect(await lane.run(runOf(handler, { how }))).toMatchObject({
    kind: 'fail',
    retry: true,
    error: { code: 'job_crashed' },
  });
  expect(await lane.run(runOf(handler, { how: 'return' }))).toEqual({ kind: 'ok', value: 'return' });
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
    () => createCpuLane({ threads: 1, files: [], log: silentLog }),
    (lane) =>
      lane.compute({ file: handler.file, fn: 'sum', args: [[1]] }, new AbortController().signal).then(
        (sum) => sum === 1,
        () => false,
      ),
  );
});
