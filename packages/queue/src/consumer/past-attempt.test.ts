import { expect, test } from 'vitest';
import { lastPastAttempt } from './past-attempt.ts';

const line = (fields: object) => `${JSON.stringify(fields)}\n`;

test('the last of many lines is told', () => {
  const lines =
    line({ s: 1, w: 'p.1', a: 5, e: 10, o: 'killed' }) + line({ s: 2, e: 20, o: 'retried', d: 70 });
  expect(lastPastAttempt(lines)).toEqual({ start: 2, outcome: 'retried', endedMs: 20, dueMs: 70 });
  expect(lastPastAttempt(lines.trimEnd())?.start).toBe(2);
});

test.each([undefined, '', '\n', 'garbage\n', '{"s":1', 'null\n', line({ w: 'no start' })])(
  '%j tells nothing',
  (lines) => {
    expect(lastPastAttempt(lines)).toBeNull();
  },
);
