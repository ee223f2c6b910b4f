import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, quantile, spread } from './quantile.ts';

const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 });
const share = fc.double({ min: 0, max: 1, noNaN: true });

describe('quantile', () => {
  it('is one of the values, with at least its share of them at or below it', () => {
    fc.assert(
      fc.property(values, share, (list, q) => {
        const found = quantile(list, q) as number;
        expect(list).toContain(found);
        expect(list.filter((value) => value <= found).length).toBeGreaterThanOrEqual(q * list.length);
        // And it is the least such value.
        const below = list.filter((value) => value < found).length;
        expect(below === 0 || below < q * list.length).toBe(true);
      }),
    );
  });

  it('rises with its share and does not care for the order', () => {
    fc.assert(
      fc.property(values, share, share, (list, a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        expect(quantile(list, low) as number).toBeLessThanOrEqual(quantile(list, high) as number);
        expect(quantile([...list].reverse(), a)).toBe(quantile(list, a));
      }),
    );
  });

  it('of nothing is null', () => {
    expect(quantile([], 0.5)).toBeNull();
    expect(spread([])).toEqual({ p50: null, p90: null, p99: null, max: null, n: 0 });
  });

  it('takes the nearest rank, as the p99 of a hundred kills is the 99th', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
    expect([quantile(hundred, 0.99), median(hundred), quantile(hundred, 1)]).toEqual([99, 50, 100]);
  });

  it('keeps what never ended: it is endless, not left out', () => {
    expect(spread([1, 2, Number.POSITIVE_INFINITY])).toMatchObject({
      p50: 2,
      max: Number.POSITIVE_INFINITY,
      n: 3,
    });
  });
});
