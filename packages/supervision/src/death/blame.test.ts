import { expect, test } from 'vitest';
import { blameOf, causeOf } from './blame.ts';
import type { ProcessExit } from './start.ts';

const state = { saidBye: false, parentGone: false };
const exit = (over: Partial<ProcessExit> = {}): ProcessExit => ({
  ...{ code: null, signal: 'SIGKILL', atMs: 0, expected: false },
  ...over,
});

test.each([
  [exit(), 'killed'],
  [exit({ expected: true }), 'killed'],
  [exit({ signal: 'SIGTERM' }), 'killed'],
  [exit({ signal: 'SIGTERM', expected: true }), 'shutdown'],
  [exit({ signal: null, code: 1 }), 'crash'],
  [exit({ signal: null, code: 0 }), 'crash'],
  [exit({ signal: null, code: null }), 'crash'],
  [exit({ signal: null, code: 0, expected: true }), 'shutdown'],
  [exit({ signal: null, code: 1, expected: true }), 'shutdown'],
  [exit({ signal: 'SIGSEGV' }), 'crash'],
  [exit({ signal: 'SIGABRT' }), 'crash'],
  // A job that crashes its process while that drains is a crash all the same.
  [exit({ signal: 'SIGSEGV', expected: true }), 'crash'],
  [exit({ outOfMemory: true }), 'oom'],
  [exit({ signal: 'SIGABRT', outOfMemory: true }), 'oom'],
  [exit({ outOfMemory: true, ordered: true }), 'oom'],
  [exit({ ordered: true }), 'ordered'],
  [exit({ ordered: true, expected: true }), 'ordered'],
  [exit({ fenced: true, ordered: true }), 'hung'],
  [exit({ signal: null, code: 75, fenced: true }), 'hung'],
] as const)('a process that ended with %j: %s', (ended, cause) => {
  expect(causeOf(state, { by: 'parent', kind: 'process-exit', exit: ended })).toBe(cause);
});

test.each([
  [exit(), 'pod-lost'],
  [exit({ signal: null, code: 1 }), 'pod-lost'],
  [exit({ signal: null, code: 0, expected: true }), 'shutdown'],
  [exit({ expected: true }), 'pod-lost'],
  [exit({ ordered: true }), 'ordered'],
] as const)('a pod that ended with %j: %s', (ended, cause) => {
  expect(causeOf(state, { by: 'parent', kind: 'pod-exit', exit: ended })).toBe(cause);
});

test('a bye makes code 0 and absence a planned end', () => {
  const left = { ...state, saidBye: true };
  const clean = exit({ signal: null, code: 0 });
  expect(causeOf(left, { by: 'parent', kind: 'process-exit', exit: clean })).toBe('shutdown');
  expect(causeOf(left, { by: 'parent', kind: 'process-exit', exit: exit() })).toBe('killed');
  expect(causeOf(left, { by: 'absence' })).toBe('shutdown');
});

test('whose parent is gone as well was lost with its pod', () => {
  expect(causeOf(state, { by: 'absence' })).toBe('crash');
  expect(causeOf({ ...state, parentGone: true }, { by: 'absence' })).toBe('pod-lost');
  expect(causeOf({ ...state, parentGone: true }, { by: 'silence' })).toBe('hung');
});

test.each([
  ['oom', false, false, 'jobs'],
  ['oom', true, false, 'jobs'],
  ['crash', true, false, 'jobs'],
  ['crash', false, false, 'unknown'],
  ['hung', false, true, 'jobs'],
  ['hung', false, false, 'unknown'],
  ['killed', true, false, 'unknown'],
  ['ordered', true, false, 'none'],
  ['ordered', true, true, 'none'],
  ['pod-lost', true, false, 'none'],
  ['pod-lost', false, true, 'none'],
  ['shutdown', true, false, 'none'],
] as const)('%s (seen: %s, busy: %s) is the fault of: %s', (cause, seen, busy, blame) => {
  expect(blameOf({ cause, seen, busy, served: true })).toBe(blame);
  expect(blameOf({ cause, seen, busy, served: false })).toBe('none');
});
