import { expect, test } from 'vitest';
import { lastPastAttempt } from './past-attempt.ts';

const line = (fields: object) => `${JSON.stringify(fields)}\n`;

test('the last of many lines is told', () => {
  const lines =
    line({ s: 1, w: 'p.1', a: 5, e: 10, o: 'killed' }) + line({ s: 2, e: 20, o: 'retried', d: 70 });
  expect(lastPastAttempt(lines)).toEqual({ start: 2, endedMs: 20, dueMs: 70, hasSpan: true });
  expect(lastPastAttempt(lines.trimEnd())?.start).toBe(2);
});

test.each([undefined, '', '\n', 'garbage\n', '{"s":1', 'null\n', line({ w: 'no start' })])(
  '%j tells nothing',
  (lines) => {
    expect(lastPastAttempt(lines)).toBeNull();
  },
);

test('one that was handed back has a span where it went on with one', () => {
  const returned = (s: number) => line({ s, e: 10 * s, o: 'returned' });
  expect(lastPastAttempt(returned(1) + returned(2))).toMatchObject({ start: 2, hasSpan: false });
  const retried = line({ s: 2, e: 20, o: 'retried' });
  expect(lastPastAttempt(returned(1) + retried + returned(3) + returned(4))).toMatchObject({
    ...{ start: 4, hasSpan: true },
  });
});
