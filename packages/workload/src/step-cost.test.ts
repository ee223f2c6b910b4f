import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { measureNsPerStep } from './step-cost.ts';

describe('measureNsPerStep', () => {
  it('measures steps that were executed: a skipped loop would take no time at all', () => {
    const ns = measureNsPerStep(() => performance.now());
    expect(ns).toBeGreaterThan(0.2);
    expect(ns).toBeLessThan(50);
  });

  it('is its least disturbed round, by the clock it is given', () => {
    const tookMs = [8, 9, 4, 4, 4, 6, 90];
    let nowMs = 0;
    let reading = 0;
    const clock = () => {
      if (reading++ % 2 === 1) nowMs += tookMs.shift() ?? 0;
      return nowMs;
    };
    expect(measureNsPerStep(clock)).toBe(2);
  });
});
