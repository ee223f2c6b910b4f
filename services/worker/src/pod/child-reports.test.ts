import { expect, test } from 'vitest';
import { EXIT } from '../ipc.ts';
import type { ChildExit, ChildProcessHandle } from './child-process.ts';
import { createChildReports } from './child-reports.ts';
import type { ChildVitals } from './dying-watch.ts';

const handle = (pid: number, vitals: ChildVitals | null = null): ChildProcessHandle => ({
  ...{ pid, send: () => undefined, kill: () => undefined, vitals: () => vitals },
});
const beat = {
  ...{
    type: 'pod-beat' as const,
    atMs: 1,
    state: 'running' as const,
    restartsUsed: 0,
    intensity: 5,
    periodMs: 1,
  },
};
const exit: ChildExit = {
  ...{ code: null, signal: 'SIGKILL', lastLines: ['x'], ordered: false, outOfMemory: false },
  ...{ peakRssBytes: 5, memoryLimitBytes: null },
};
const told = { slot: 2, expected: false, atMs: 77 };

test('ages on a clock that never steps, and what is seen from outside', () => {
  const reports = createChildReports();
  reports.forked('a', handle(1, { letter: 'R', cpuMs: 30, rssBytes: 9 }));
  reports.forked('b', handle(2));
  reports.heard('a', 1_000);
  reports.heard('stranger', 1_000);
  expect(reports.beats(beat, 1_250)).toEqual([
    {
      ...beat,
      children: [
        { worker: 'a', pid: 1, silentMs: 250, state: 'R', cpuMs: 30, rssBytes: 9 },
        { worker: 'b', pid: 2, silentMs: null, state: null, cpuMs: null, rssBytes: null },
      ],
    },
  ]);
});

test('a pod without children still beats; one with very many says it in lines of a lawful size', () => {
  const reports = createChildReports();
  expect(reports.beats(beat, 0)).toEqual([{ ...beat, children: [] }]);
  const name = 'x'.repeat(197);
  for (let i = 0; i < 512; i++) {
    reports.forked(`${name}${i}`, handle(4_194_304, { letter: 'S', cpuMs: 1e9 + 0.5, rssBytes: 1e12 }));
    reports.heard(`${name}${i}`, 0.123456789);
  }
  const beats = reports.beats(beat, 123_456.789);
  expect(beats.flatMap(({ children }) => children)).toHaveLength(512);
  for (const one of beats) expect(JSON.stringify(one).length).toBeLessThan(64 * 1024);
});

test('an exit says who ended it: a supervisor’s fence is not an operator’s order', () => {
  const reports = createChildReports();
  for (const id of ['a', 'b', 'c']) reports.forked(id, handle(7));
  reports.fenced('b', false);
  expect(reports.exited('a', exit, told)).toEqual({
    ...{
      type: 'exit',
      worker: 'a',
      pid: 7,
      slot: 2,
      code: null,
      signal: 'SIGKILL',
      atMs: 77,
      expected: false,
    },
    ...{ ordered: false, fenced: false, busy: false, stderrTail: ['x'], outOfMemory: false },
    ...{ peakRssBytes: 5, memoryLimitBytes: null },
  });
  expect(reports.exited('b', { ...exit, ordered: true }, told)).toMatchObject({
    fenced: true,
    busy: false,
    ordered: true,
  });
  // A handler may choose that code.
  expect(reports.exited('c', { ...exit, code: EXIT.fenced, signal: null }, told)).toMatchObject({
    fenced: false,
  });
  expect(reports.beats(beat, 0)[0]?.children).toEqual([]);
});

test('it says that one supervisor saw it at work, whatever another says after it', () => {
  const reports = createChildReports();
  reports.forked('a', handle(7));
  reports.fenced('a', true);
  reports.fenced('a', false);
  expect(reports.exited('a', exit, told)).toMatchObject({ fenced: true, busy: true });
});
