import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type DrainMarks, drainPerSecond, MAX_RETRY_AFTER_MS, retryAfterMs } from './retry-after.ts';

const marks = (change: Partial<DrainMarks> = {}): DrainMarks => ({
  takes: 100,
  lastTakeMs: 9_980,
  recent: { atMs: 9_000, takes: 80 },
  older: { atMs: 5_000, takes: 0 },
  ...change,
});

test('the rate is taken over the window since the older mark', () => {
  expect(drainPerSecond(marks(), 10_000)).toBe(20);
});

test('nothing taken since the mark is an idle queue', () => {
  expect(drainPerSecond(marks({ takes: 0 }), 10_000)).toBe(0);
  expect(retryAfterMs(marks({ takes: 0 }), 10_000, 1, false)).toBe(MAX_RETRY_AFTER_MS);
});

test('a paused queue says the longest time whatever its rate was', () => {
  expect(retryAfterMs(marks(), 10_000, 1, true)).toBe(MAX_RETRY_AFTER_MS);
});

test('the first place is free when the interval since the last take is over, each further one an interval later', () => {
  expect(retryAfterMs(marks(), 10_000, 1, false)).toBe(30);
  expect(retryAfterMs(marks(), 10_000, 4, false)).toBe(180);
});

test('law: never less than half an interval, never over a minute, and more places never sooner', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.integer({ min: 0, max: 5_000 }),
      fc.integer({ min: 1, max: 500 }),
      (takes, sinceTake, places) => {
        const at = marks({ takes, lastTakeMs: 10_000 - sinceTake });
        const interval = 1000 / drainPerSecond(at, 10_000);
        const wait = retryAfterMs(at, 10_000, places, false);
        expect(wait).toBeGreaterThanOrEqual(Math.min(Math.floor(interval / 2), MAX_RETRY_AFTER_MS));
        expect(wait).toBeLessThanOrEqual(MAX_RETRY_AFTER_MS);
        expect(retryAfterMs(at, 10_000, places + 1, false)).toBeGreaterThanOrEqual(wait);
      },
    ),
  );
});
