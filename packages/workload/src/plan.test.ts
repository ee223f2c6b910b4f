import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compute, lcg } from './lcg.ts';
import { defaultParameters } from './parameters.ts';
import { planJob, scheduledMs } from './plan.ts';

const standard = defaultParameters(2);
const u32 = fc.integer({ min: 0, max: 4_294_967_295 });

describe('lcg', () => {
  it('is 69069·x + 1 modulo 2^32', () => {
    fc.assert(
      fc.property(u32, (x) => {
        expect(lcg(x)).toBe(Number((69_069n * BigInt(x) + 1n) % 4_294_967_296n));
      }),
    );
  });

  it('is what compute does, step after step', () => {
    fc.assert(
      fc.property(u32, fc.nat(70), fc.nat(70), (x, a, b) => {
        expect(compute(x, 0)).toBe(x);
        expect(compute(x, a + 1)).toBe(lcg(compute(x, a)));
        expect(compute(compute(x, a), b)).toBe(compute(x, a + b));
      }),
    );
  });
});

describe('planJob', () => {
  it('depends on nothing but its arguments, and keeps to the ranges', () => {
    fc.assert(
      fc.property(u32, u32, (seed, id) => {
        const plan = planJob({ ...standard, seed }, id);
        expect(plan).toEqual(planJob({ ...standard, seed }, id));
        expect(plan.workUnits).toBeGreaterThanOrEqual(200);
        expect(plan.workUnits).toBeLessThanOrEqual(plan.tail ? 40_000 : 2_000);
        expect(plan.sleepMs).toBeGreaterThanOrEqual(1);
        expect(plan.sleepMs).toBeLessThanOrEqual(20);
      }),
    );
  });

  it('spreads the ids as exact arithmetic would', () => {
    fc.assert(
      fc.property(u32, u32, (seed, id) => {
        let x = (BigInt(seed) + BigInt(id) * 2_654_435_761n) % 4_294_967_296n;
        for (let i = 0; i < 6; i++) x = (69_069n * x + 1n) % 4_294_967_296n;
        expect(planJob({ ...standard, seed }, id).start).toBe(Number(x));
      }),
    );
  });

  it('rounds scaled work down before the tail multiplies it', () => {
    const p = { ...standard, work_min: 7, work_max: 7, work_mul: 3, work_div: 2, tail_per_mille: 1_000 };
    expect(planJob(p, 0)).toMatchObject({ workUnits: 200, tail: true });
  });

  it('computes in the pool above 20,000 steps, unless told where', () => {
    const steps = (workUnits: number) => ({
      ...standard,
      work_min: workUnits,
      work_max: workUnits,
      tail_per_mille: 0,
    });
    expect(planJob(steps(20_000), 0).pooled).toBe(false);
    expect(planJob(steps(20_001), 0).pooled).toBe(true);
    expect(planJob({ ...steps(20_001), compute_on: 'inline' }, 0).pooled).toBe(false);
    expect(planJob({ ...steps(1), compute_on: 'pool' }, 0).pooled).toBe(true);
  });

  it('blocks the drawn jobs only, and by another draw than failures', () => {
    const p = { ...standard, block_per_mille: 500, block_ms: 30, fail_per_mille: 500 };
    const plans = Array.from({ length: 2_000 }, (_, id) => planJob(p, id));
    const blocked = plans.filter(({ blockMs }) => blockMs === 30);
    expect(plans.every(({ blockMs }) => blockMs === 30 || blockMs === 0)).toBe(true);
    expect(blocked.length).toBeGreaterThan(900);
    expect(blocked.length).toBeLessThan(1_100);
    expect(blocked.some(({ failsOnce }) => failsOnce)).toBe(true);
    expect(blocked.some(({ failsOnce }) => !failsOnce)).toBe(true);
  });
});

describe('scheduledMs', () => {
  it('is even over all producers, and null when the run is not paced', () => {
    expect(scheduledMs({ ...standard, rate: 400 }, 10)).toBe(25);
    expect(scheduledMs(standard, 10)).toBeNull();
  });
});
