import { expect, test } from 'vitest';
import { certificateOf, withHistory } from './certificate.ts';
import { newStart } from './judge.ts';
import type { ProcessExit, StartState } from './start.ts';

const T0 = 1_000_000;
const met: StartState = {
  ...newStart({ id: 'p.1', pod: 'p', pid: 42, slot: 0 }, T0),
  ...{ met: true, linked: true, linkClosedMs: null, lastHeardMs: T0 + 1_000 },
};
const exit = (over: Partial<ProcessExit> = {}): ProcessExit => ({
  ...{ code: null, signal: 'SIGKILL', atMs: T0 + 1_050, expected: false },
  ...over,
});
const died = (over: Partial<ProcessExit>, state = met) =>
  certificateOf(state, { by: 'parent', kind: 'process-exit', exit: exit(over) }, T0 + 1_060);

test('the parent’s word on its end is taken over whole', () => {
  const certificate = died({
    ...{ signal: 'SIGABRT', outOfMemory: true, lastLines: ['one', 'two'] },
    ...{ peakRssBytes: 100, memoryLimitBytes: 120, detail: 'two' },
  });
  expect(certificate).toMatchObject({
    ...{ cause: 'oom', blame: 'jobs', exitSignal: 'SIGABRT', lastLines: ['one', 'two'] },
    ...{ peakRssBytes: 100, memoryLimitBytes: 120, diedAtMs: T0 + 1_050 },
    evidence: [{ kind: 'process-exit', atMs: T0 + 1_050, detail: 'two' }],
  });
});

test.each([
  ['an hour ahead', T0 + 3_600_000, T0 + 1_060],
  ['an hour behind', T0 - 3_600_000, T0 + 1_060],
  ['a little behind', T0 + 950, T0 + 1_000],
  ['right', T0 + 1_050, T0 + 1_050],
])('a parent’s clock that is %s puts the death between the last sign of life and the news', (_, atMs, at) => {
  expect(died({ atMs }).diedAtMs).toBe(at);
});

test('of one that nobody met only its parent knows when it ended', () => {
  expect(died({ atMs: T0 - 500 }, { ...met, met: false }).diedAtMs).toBe(T0 - 500);
});

test('a pod’s exit code is not its worker’s', () => {
  const proof = { by: 'parent', kind: 'pod-exit', exit: exit({ code: 1, signal: null }) } as const;
  expect(certificateOf(met, proof, T0 + 1_060)).toMatchObject({
    exitCode: null,
    cause: 'pod-lost',
    blame: 'none',
  });
});

test('a death of one that was blocked is its jobs’ fault, whoever declared it dead', () => {
  expect(died({ fenced: true, ordered: true, busy: true })).toMatchObject({ cause: 'hung', blame: 'jobs' });
  expect(died({ fenced: true, ordered: true })).toMatchObject({ cause: 'hung', blame: 'unknown' });
});

test('who ended before it had a slot ran no jobs: handlers that it was refused for are nobody’s kill', () => {
  const standby = { ...met, slot: null };
  expect(died({ code: 78, signal: null }, standby)).toMatchObject({ cause: 'crash', blame: 'none' });
  expect(died({ code: 78, signal: null })).toMatchObject({ cause: 'crash', blame: 'jobs' });
  // What nobody saw may have begun after its last word.
  expect(certificateOf(standby, { by: 'absence' }, T0 + 9_000).blame).toBe('unknown');
});

test('silence says what its parent saw of it', () => {
  const seen = { toldMs: T0, wordMs: null, cpuMs: 5, letter: 'T' };
  const detail = (state: StartState) =>
    certificateOf(state, { by: 'silence' }, T0 + 9_000).evidence.at(-1)?.detail;
  expect(detail({ ...met, parent: seen })).toMatch('in state T; fenced');
  expect(detail(met)).toMatch(/^fenced/);
  expect(detail({ ...met, busy: true })).toMatch('blocked by its own work; fenced');
});

test('its history: the beats of the last 10 s, and the highest size that anybody saw', () => {
  const beat = (atMs: number) => ({ atMs, busy: 1, loopDelayMs: 0, cpuMs: 0, rssBytes: 1, heapBytes: 1 });
  const bare = died({ peakRssBytes: 100 });
  const beats = [T0 - 9_000, T0 - 8_951, T0 - 8_950, T0 + 1_000].map(beat);
  expect(withHistory(bare, beats, 50)).toMatchObject({ peakRssBytes: 100, beats: beats.slice(2) });
  expect(withHistory(bare, [], 150).peakRssBytes).toBe(150);
  expect(withHistory({ ...bare, peakRssBytes: null }, [], null).peakRssBytes).toBeNull();
});
