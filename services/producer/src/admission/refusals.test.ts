import { expect, test } from 'vitest';
import { circuitOpenError } from './refusals.ts';

const retryAfterMs = (retryInMs: number | null) => {
  const retryAtMs = retryInMs === null ? null : 1_000_000 + retryInMs;
  const circuit = { pool: 'default', reason: 'It died.', sinceMs: 1, retryAtMs };
  return circuitOpenError('work', circuit, 1_000_000).details.retryAfterMs;
};

test.each([
  ['when the trial is due', 20_000.4, 20_000],
  ['a second from now when it is overdue', -5_000, 1_000],
  ['a minute from now when nobody knows', null, 60_000],
  ['after the longest wait there is, however far our clock is behind the supervisor’s', 3_600_000, 300_000],
])('a caller is to come back %s', (_, retryInMs, expected) => {
  expect(retryAfterMs(retryInMs)).toBe(expected);
});
