import { expect, test } from 'vitest';
import { auditLine, type Deed, mayChange, traceIdOf } from './audit.ts';

const deed: Deed = {
  action: 'changeQueue',
  method: 'PATCH',
  path: '/v1/queues/work',
  caller: { name: 'the night shift', role: 'operator' },
  address: '10.0.0.7',
  trace: '4bf92f3577b34da6a3ce929d0e0e4736',
  status: 200,
  code: null,
  target: { queue: 'work', paused: true },
};

test('a line tells who did what to what, from where, in which trace, and how it ended', () => {
  expect(auditLine(deed)).toEqual({
    audit: 1,
    action: 'changeQueue',
    outcome: 'done',
    by: 'the night shift',
    role: 'operator',
    address: '10.0.0.7',
    method: 'PATCH',
    path: '/v1/queues/work',
    status: 200,
    code: null,
    trace: '4bf92f3577b34da6a3ce929d0e0e4736',
    target: { queue: 'work', paused: true },
  });
});

test.each([
  [202, 'done'],
  [401, 'refused'],
  [429, 'refused'],
  [499, 'failed'],
  [503, 'failed'],
] as const)('an answer of %i is %s', (status, outcome) => {
  expect(auditLine({ ...deed, status }).outcome).toBe(outcome);
});

test('what a client made long stays short', () => {
  const line = auditLine({ ...deed, path: '/'.repeat(9_999), target: { id: 'x'.repeat(9_999), n: 1 } });
  expect(line.path).toHaveLength(256);
  expect(line.target).toEqual({ id: 'x'.repeat(256), n: 1 });
});

test('reading is no deed', () => {
  expect(['GET', 'HEAD', 'OPTIONS'].map((method) => mayChange({ method }))).toEqual([false, false, false]);
  expect(['POST', 'PUT', 'PATCH', 'DELETE', 'BREW'].every((method) => mayChange({ method }))).toBe(true);
});

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
test.each([
  [`00-${TRACE}-00f067aa0ba902b7-01`, TRACE],
  [`01-${TRACE}-00f067aa0ba902b7-01-what-a-later-version-adds`, TRACE],
  [`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, null],
  [`00-${TRACE}-${'0'.repeat(16)}-01`, null],
  [`00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`, null],
  [`ff-${TRACE}-00f067aa0ba902b7-01`, null],
  [`00-${TRACE}-00f067aa0ba902b7-01-more`, null],
  ['', null],
  [undefined, null],
])('the trace of traceparent %s is %s', (header, trace) => expect(traceIdOf(header)).toBe(trace));
