import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Arrivals, arrived, noArrivals, phi, resumed } from './phi.ts';

/** Beats at these intervals, each telling of this event-loop delay. */
function after(intervals: readonly number[], loopDelayMs = 0): Arrivals {
  let arrivals = noArrivals(0);
  let nowMs = 0;
  for (const interval of intervals) {
    nowMs += interval;
    arrivals = arrived(arrivals, nowMs, loopDelayMs);
  }
  return arrivals;
}

const steady = (count = 50, ms = 250) => Array.from({ length: count }, () => ms);
/** The silence at which phi reaches `level`. */
function reaches(arrivals: Arrivals, level: number): number {
  let ms = 0;
  while (phi(arrivals, ms) < level && ms < 60_000) ms += 1;
  return ms;
}

test('phi is the exponent of the normal distribution’s tail', () => {
  // Mean 250, deviation 62.5 (its minimum): 250 + 62.5 y.
  const arrivals = after(steady());
  for (const [y, tail] of [
    [0, 0.5],
    [1, 0.158655],
    [2, 0.02275],
    [3, 0.00135],
  ] as const) {
    expect(phi(arrivals, 250 + 62.5 * y)).toBeCloseTo(-Math.log10(tail), 1);
  }
  // Even far out it is a number: nobody is infinitely late.
  expect(Number.isFinite(phi(arrivals, 1e6))).toBe(true);
});

test('a steady worker is suspected soon, an unsteady one later', () => {
  const unsteady = after(steady().map((ms, i) => ms + (i % 2 === 0 ? 150 : -150)));
  expect(reaches(after(steady()), 8)).toBeLessThan(650);
  expect(reaches(unsteady, 8)).toBeGreaterThan(900);
});

test('a laggard says so himself: his event-loop delay is allowed for, and fades', () => {
  const laggard = after(steady(), 2_000);
  expect(reaches(laggard, 8)).toBeGreaterThan(2_500);
  let arrivals = laggard;
  for (let beat = 1; beat <= 40; beat++) arrivals = arrived(arrivals, arrivals.lastMs + 250, 0);
  expect(reaches(arrivals, 8)).toBeLessThan(700);
});

test('a newcomer’s ways are not known', () => {
  expect(phi(after(steady(7)), 60_000)).toBe(0);
  expect(phi(after(steady(8)), 60_000)).toBeGreaterThan(8);
});

test('an interval in which nobody listened does not count', () => {
  const resumedAt = resumed(after(steady()), 1e6);
  expect(arrived(resumedAt, 1e6 + 250, 0).intervals.at(-1)).toBe(250);
});

describe('for every history', () => {
  const history = fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 8, maxLength: 300 });

  test('phi rises with the silence and is never negative', () => {
    fc.assert(
      fc.property(history, fc.nat(20_000), fc.nat(20_000), (intervals, one, other) => {
        const arrivals = after(intervals);
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        expect(phi(arrivals, less)).toBeGreaterThanOrEqual(0);
        expect(phi(arrivals, more)).toBeGreaterThanOrEqual(phi(arrivals, less));
      }),
    );
  });

  test('the running sums are those of the window', () => {
    fc.assert(
      fc.property(history, (intervals) => {
        const { intervals: kept, sum, squares } = after(intervals);
        expect(kept).toEqual(intervals.slice(-100));
        expect(sum).toBeCloseTo(
          kept.reduce((total, ms) => total + ms, 0),
          3,
        );
        expect(squares).toBeCloseTo(
          kept.reduce((total, ms) => total + ms * ms, 0),
          0,
        );
      }),
    );
  });
});
