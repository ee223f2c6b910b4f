import { fileURLToPath } from 'node:url';
import { silentLog, systemClock } from '@millrace/core';
import { loadHandlerFile } from '@millrace/sdk';
import { expect, test } from 'vitest';
import { until } from '../../../../tests/support/queue.ts';
import { isAlive } from '../../../../tests/support/worker-pod.ts';
import { UNTRACED } from '../telemetry/run-tracing.ts';
import { createAloneReport } from './alone-report.ts';
import { createIsolatedLane } from './isolated-lane.ts';
import type { LaneRun } from './lane.ts';
import { createVerdict } from './verdict.ts';

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../../../tests/fixtures/handlers/worker/${name}.ts`, import.meta.url));

const PATIENT = { beatMs: 250, limitMs: 30_000 };

function laneWith(quarantine: boolean, silence = PATIENT) {
  const [clock, log] = [systemClock, silentLog];
  const verdict = createVerdict({ quarantine, worker: 'w', clock, log });
  const alone = createAloneReport(() => undefined);
  return createIsolatedLane({ output: process.stderr, verdict, silence, alone, clock, log });
}

async function runOf(how: string): Promise<LaneRun> {
  const handler = await loadHandlerFile(fixture('isolated'));
  return {
    handler,
    data: { how, at: '2026-01-01T00:00:00Z' },
    job: { id: '1', queue: handler.queue, name: handler.name, attempt: 2, fence: 5 },
    signal: new AbortController().signal,
    abandon: new AbortController().signal,
    started: () => undefined,
    tracing: UNTRACED,
    alone: () => undefined,
    progress: async () => undefined,
    log: async () => undefined,
  };
}

async function runIn(how: string, over: Partial<LaneRun> = {}, quarantine = true) {
  return laneWith(quarantine).run({ ...(await runOf(how)), ...over });
}

test('the handler gets all that it would get in the process itself', async () => {
  const told: unknown[] = [];
  const outcome = await runIn('return', {
    progress: async (value) => void told.push(value),
    log: async (line) => void told.push(line),
    started: () => void told.push('started'),
  });
  const value = { attempt: 2, fence: 5, doubled: 42, isDate: true };
  expect(outcome).toMatchObject({ kind: 'ok', value });
  expect(told).toEqual(['started', 'return', 'return']);
});

test('data that does not fit fails as it would there', async () => {
  expect(await runIn('', { data: { how: 7 } })).toMatchObject({
    kind: 'fail',
    retry: false,
    error: { code: 'invalid_data' },
  });
});

test.each([
  ['abort', null, 'SIGABRT', ''],
  ['segfault', null, 'SIGSEGV', ''],
  ['exit', 0, null, ''],
  ['throw', 1, null, 'TypeError'],
])('%s takes down its process: it has killed', async (how, exitCode, exitSignal, words) => {
  const outcome = await runIn(how);
  const kill = {
    cause: 'crash',
    exitCode,
    exitSignal,
    isolated: true,
    worker: 'w',
    coRunners: [],
    beats: [],
  };
  expect(outcome).toMatchObject({ kind: 'killed', kill });
  if (outcome.kind !== 'killed') return;
  expect(outcome.kill.lastLines.join('\n')).toContain(words);
  expect(outcome.kill.peakRssBytes).toBeGreaterThan(20_000_000);
  expect(outcome.kill.memoryLimitBytes).toBeGreaterThan(20_000_000);
});

test('with the quarantine off such a death is a failed attempt', async () => {
  const error = { code: 'job_crashed', message: expect.stringContaining('SIGABRT') };
  expect(await runIn('abort', {}, false)).toMatchObject({ kind: 'fail', retry: true, error });
});

test('whoever we kill has not killed', async () => {
  const abandon = new AbortController();
  const progress = async () => abandon.abort(new Error('enough'));
  const outcome = await runIn('hang', { progress, abandon: abandon.signal });
  expect(outcome).toMatchObject({ kind: 'fail', error: { message: 'enough' } });
});

test('who is told to stop hears of it', async () => {
  const told = new AbortController();
  const progress = async () => told.abort(new Error('wind up'));
  expect(await runIn('listen', { progress, signal: told.signal })).toMatchObject({ kind: 'fail' });
});

/** Longer than a process takes to start on a busy machine: until then it is silent too. */
const CURT = { beatMs: 100, limitMs: 3_000 };

async function runCurtly(how: string, lane: 'io' | 'cpu', quarantine = true) {
  const handler = { ...(await loadHandlerFile(fixture('isolated'))), lane };
  return laneWith(quarantine, CURT).run({ ...(await runOf(how)), handler });
}

test('an endless loop of the io lane is found out without a timeout: it took down its process', async () => {
  const kill = { cause: 'hung', exitSignal: 'SIGKILL', isolated: true };
  expect(await runCurtly('spin', 'io')).toMatchObject({ kind: 'killed', kill });
});

test('so it is with the quarantine off: then it is a failed attempt', async () => {
  const error = { code: 'job_crashed', message: expect.stringContaining('3000 ms') };
  expect(await runCurtly('spin', 'io', false)).toMatchObject({ kind: 'fail', retry: true, error });
});

test('the cpu lane may hold its event loop, the io lane may wait: neither is hung', async () => {
  const outcomes = await Promise.all([runCurtly('compute', 'cpu'), runCurtly('wait', 'io')]);
  expect(outcomes.map(({ kind }) => kind)).toEqual(['ok', 'ok']);
});

test('a process that outlives its outcome is gone within a second or so', async () => {
  const outcome = await runIn('linger');
  expect(outcome).toMatchObject({ kind: 'ok' });
  const { pid } = (outcome as { value: { pid: number } }).value;
  expect(isAlive(pid)).toBe(true);
  await until(() => !isAlive(pid), 'the process is gone', 5_000);
});
