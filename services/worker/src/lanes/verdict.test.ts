import { ManualClock, silentLog } from '@millrace/core';
import { expect, test } from 'vitest';
import type { LaneRun } from './lane.ts';
import { causeOf, createVerdict, type RunDeath } from './verdict.ts';

const run = { job: { id: '7', queue: 'q' }, handler: { name: 'job' } } as LaneRun;
const death: RunDeath = {
  cause: 'crash',
  exitCode: null,
  exitSignal: 'SIGSEGV',
  lastLines: ['Segmentation fault'],
  peakRssBytes: 1,
  memoryLimitBytes: 2,
  message: 'The handler’s own process ended (SIGSEGV).',
};

test.each([
  ['SIGSEGV', false, 'crash'],
  ['SIGABRT', false, 'crash'],
  [null, false, 'crash'],
  ['SIGABRT', true, 'oom'],
  ['SIGKILL', true, 'oom'],
  ['SIGKILL', false, 'killed'],
  ['SIGTERM', false, 'killed'],
  ['SIGINT', false, 'killed'],
] as const)('signal %s, out of memory %s: %s', (signal, outOfMemory, cause) => {
  expect(causeOf(signal, outOfMemory)).toBe(cause);
});

test('who dies alone has killed, and the evidence goes with it', () => {
  const clock = new ManualClock();
  const verdict = createVerdict({ quarantine: true, worker: 'w', clock, log: silentLog });
  const { message, ...evidence } = death;
  const alone = { isolated: true, coRunners: [], beats: [], worker: 'w', atMs: clock.nowMs() };
  expect(verdict(run, death)).toEqual({ kind: 'killed', kill: { ...evidence, ...alone } });
});

test('without a quarantine it is a failed attempt', () => {
  const clock = new ManualClock();
  const verdict = createVerdict({ quarantine: false, worker: 'w', clock, log: silentLog });
  expect(verdict(run, death)).toMatchObject({
    kind: 'fail',
    retry: true,
    error: { code: 'job_crashed', details: { stderrTail: death.lastLines } },
  });
});
