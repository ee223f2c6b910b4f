import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addRestart, recentRestarts, restartDelayMs } from './restart-budget.ts';

const limits = { intensity: 3, periodMs: 1_000 };

/** Restarts at these times until the budget is spent; when, and with how many. */
function run(times: readonly number[], { intensity, periodMs } = limits) {
  let restarts: readonly number[] = [];
  for (const [index, atMs] of times.entries()) {
    const next = addRestart(restarts, atMs, { intensity, periodMs });
    if (next.verdict === 'exhausted') return index;
    restarts = next.restarts;
  }
  return null;
}

test('as many restarts as the intensity are allowed, one more within the period is not', () => {
  expect(run([0, 1, 2])).toBeNull();
  expect(run([0, 1, 2, 3])).toBe(3);
});

test('a restart a whole period ago counts no more', () => {
  expect(run([0, 1, 2, 1_000])).toBeNull();
  expect(run([0, 1, 2, 999])).toBe(3);
});

test('intensity 0 allows none', () => {
  expect(run([5], { intensity: 0, periodMs: 1_000 })).toBe(0);
});

test('exhausted exactly when some period holds more than the intensity', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(300), { maxLength: 30 }),
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 1, max: 1_000 }),
      (gaps, intensity, periodMs) => {
        let nowMs = 0;
        const times = gaps.map((gap) => {
          nowMs += gap;
          return nowMs;
        });
        const crowded = times.findIndex(
          (atMs, i) => i >= intensity && atMs - (times[i - intensity] ?? 0) < periodMs,
        );
        expect(run(times, { intensity, periodMs })).toBe(crowded === -1 ? null : crowded);
      },
    ),
  );
});

test('what is kept never outgrows the intensity by more than one', () => {
  expect(recentRestarts([0, 500, 1_400], 1_450, 1_000)).toEqual([500, 1_400]);
});

test('the first restart is immediate, the next ones ever later, none later than 5 s', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 50].map(restartDelayMs)).toEqual([
    0, 200, 400, 800, 1_600, 3_200, 5_000, 5_000,
  ]);
});
