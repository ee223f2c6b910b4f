import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram } from './histogram.ts';

const value = fc.double({ min: 1, max: 1e10, noNaN: true });
const weighted = fc.array(fc.tuple(value, fc.integer({ min: 1, max: 20 })), { minLength: 1, maxLength: 150 });

/** Nearest rank over each value repeated as often as it weighs. */
function exact(values: readonly (readonly [number, number])[], q: number): number {
  const all = values.flatMap(([one, weight]) => new Array<number>(weight).fill(one)).sort((a, b) => a - b);
  return all[Math.min(all.length, Math.max(1, Math.ceil(q * all.length))) - 1] as number;
}

function histogramOf(values: readonly (readonly [number, number])[]): Histogram {
  const histogram = new Histogram();
  for (const [one, weight] of values) histogram.record(one, weight);
  return histogram;
}

describe('Histogram', () => {
  it.each([0, 0.5, 0.95, 0.99, 0.999, 1])('tells the %f quantile within 0.5 % of an exact sort', (q) => {
    fc.assert(
      fc.property(weighted, (values) => {
        const told = histogramOf(values).quantile(q) as number;
        expect(Math.abs(told / exact(values, q) - 1)).toBeLessThanOrEqual(0.005);
      }),
    );
  });

  it('is the same from parts as from the whole', () => {
    fc.assert(
      fc.property(weighted, weighted, (a, b) => {
        const merged = histogramOf(a);
        merged.merge(histogramOf(b));
        const whole = histogramOf([...a, ...b]);
        expect(merged.quantiles([0.1, 0.5, 0.99])).toEqual(whole.quantiles([0.1, 0.5, 0.99]));
        expect([merged.weight, merged.min, merged.max]).toEqual([whole.weight, whole.min, whole.max]);
      }),
    );
  });

  it('takes weights that are no whole numbers, as 1 ÷ 0.3', () => {
    const histogram = new Histogram();
    for (let i = 1; i <= 30; i++) histogram.record(i, 1 / 0.3);
    expect(histogram.quantile(0.5)).toBeCloseTo(15, 0);
    expect(histogram.weight).toBeCloseTo(100, 6);
  });

  it('of nothing tells nothing; what is below 1 counts as 0', () => {
    const histogram = new Histogram();
    expect([histogram.quantile(0.5), histogram.mean, histogram.max]).toEqual([null, null, null]);
    histogram.record(-3);
    expect([histogram.quantile(0.5), histogram.mean]).toEqual([0, 0]);
  });
});
