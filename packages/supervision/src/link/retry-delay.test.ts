import fc from 'fast-check';
import { expect, test } from 'vitest';
import { REDIAL_MS, retryDelayMs } from './retry-delay.ts';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('a lost link is dialled again within 50 ms', () => {
  fc.assert(
    fc.property(random, (r) => {
      expect(retryDelayMs(0, r)).toBeLessThan(REDIAL_MS);
    }),
  );
});

test('a refused dial waits longer each time, never over a second, never less than half its step', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), random, (failures, r) => {
      const step = Math.min(1_000, 100 * 2 ** (failures - 1));
      expect(retryDelayMs(failures, r)).toBeGreaterThanOrEqual(step / 2);
      expect(retryDelayMs(failures, r)).toBeLessThan(step + 1e-9);
    }),
  );
});
