import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ratioOfMedians } from './ratio.ts';

const times = fc.array(fc.double({ min: 1, max: 1e5, noNaN: true }), { minLength: 1, maxLength: 40 });

describe('ratioOfMedians', () => {
  it('of a side to itself is 1, within its interval, and the same seed tells the same', () => {
    fc.assert(
      fc.property(times, fc.nat(), (list, seed) => {
        const ratio = ratioOfMedians(list, list, seed);
        expect(ratio?.value).toBe(1);
        expect(ratio?.low).toBeLessThanOrEqual(1);
        expect(ratio?.high).toBeGreaterThanOrEqual(1);
        expect(ratioOfMedians(list, list, seed)).toEqual(ratio);
      }),
      { numRuns: 20 },
    );
  });

  it('scales with either side', () => {
    fc.assert(
      fc.property(times, times, (ours, theirs) => {
        const ratio = ratioOfMedians(ours, theirs, 1);
        const halved = ratioOfMedians(
          ours.map((ms) => ms / 2),
          theirs,
          1,
        );
        expect(halved?.value).toBeCloseTo((ratio?.value ?? 0) / 2, 9);
      }),
      { numRuns: 20 },
    );
  });

  it('is nothing where a side has nothing, or never recovered more often than not', () => {
    const never = Number.POSITIVE_INFINITY;
    expect(ratioOfMedians([], [1], 1)).toBeNull();
    expect(ratioOfMedians([1], [], 1)).toBeNull();
    expect(ratioOfMedians([1], [5, never, never], 1)).toBeNull();
    expect(ratioOfMedians([1], [5, 10, never], 1)?.value).toBe(0.1);
  });
});
