import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lossArea, meanLevel, type Passage, settledAt } from './loss-area.ts';

const passage = fc
  .record({ dueMs: fc.nat(10_000), lateMs: fc.option(fc.nat(5_000)) })
  .map(({ dueMs, lateMs }): Passage => ({ dueMs, doneMs: lateMs === null ? null : dueMs + lateMs }));
const run = fc.array(passage, { maxLength: 60 });
const window = fc
  .tuple(fc.nat(12_000), fc.nat(12_000))
  .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

/** How long each job was overdue within the window: the same area, cut the other way. */
function lateness(jobs: readonly Passage[], fromMs: number, untilMs: number): number {
  return jobs.reduce((sum, { dueMs, doneMs }) => {
    return sum + Math.max(0, Math.min(doneMs ?? untilMs, untilMs) - Math.max(dueMs, fromMs));
  }, 0);
}

describe('lossArea', () => {
  it('over nothing normal is the lateness of all jobs together', () => {
    fc.assert(
      fc.property(run, window, (jobs, [fromMs, untilMs]) => {
        const area = lossArea(jobs, { fromMs, untilMs, steady: 0 });
        expect(area).toBeCloseTo(lateness(jobs, fromMs, untilMs) / 1000, 6);
        expect(meanLevel(jobs, fromMs, untilMs) * (untilMs - fromMs)).toBeCloseTo(area * 1000, 3);
      }),
    );
  });

  it('adds up over neighbouring windows, and what is normal only takes away', () => {
    fc.assert(
      fc.property(run, window, fc.nat(12_000), fc.nat(5), (jobs, [fromMs, untilMs], cut, steady) => {
        const middle = Math.min(Math.max(cut, fromMs), untilMs);
        const whole = lossArea(jobs, { fromMs, untilMs, steady });
        const parts =
          lossArea(jobs, { fromMs, untilMs: middle, steady }) +
          lossArea(jobs, { fromMs: middle, untilMs, steady });
        expect(parts).toBeCloseTo(whole, 6);
        expect(whole).toBeLessThanOrEqual(lossArea(jobs, { fromMs, untilMs, steady: 0 }));
        expect(whole).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('tells for how long jobs were late, which a rate cannot', () => {
    const orphans = (doneMs: number) => Array.from({ length: 8 }, () => ({ dueMs: 1_000, doneMs }));
    const area = (doneMs: number) => lossArea(orphans(doneMs), { fromMs: 0, untilMs: 100_000, steady: 0 });
    expect([area(1_050), area(41_000)]).toEqual([0.4, 320]);
  });

  it('counts jobs that were never done up to the end', () => {
    expect(lossArea([{ dueMs: 0, doneMs: null }], { fromMs: 0, untilMs: 2_000, steady: 0 })).toBe(2);
  });
});

describe('settledAt', () => {
  it('is the first moment with no more overdue jobs than normal', () => {
    const jobs = [
      { dueMs: 100, doneMs: 900 },
      { dueMs: 200, doneMs: 600 },
      { dueMs: 300, doneMs: 400 },
    ];
    expect(settledAt(jobs, 250, 1)).toBe(600);
    expect(settledAt(jobs, 250, 0)).toBe(900);
    expect(settledAt(jobs, 250, 2)).toBe(250);
    expect(settledAt([{ dueMs: 0, doneMs: null }], 1, 0)).toBeNull();
  });

  it('agrees with the level of the moments before it', () => {
    fc.assert(
      fc.property(run, fc.nat(12_000), fc.nat(3), (jobs, fromMs, steady) => {
        const atMs = settledAt(jobs, fromMs, steady);
        if (atMs === null) {
          expect(jobs.filter(({ doneMs }) => doneMs === null).length).toBeGreaterThan(steady);
          return;
        }
        expect(atMs).toBeGreaterThanOrEqual(fromMs);
        expect(lossArea(jobs, { fromMs, untilMs: atMs, steady })).toBeGreaterThanOrEqual(0);
        if (atMs > fromMs) expect(meanLevel(jobs, fromMs, atMs)).toBeGreaterThan(steady);
      }),
    );
  });
});
