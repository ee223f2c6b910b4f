import { describe, expect, it } from 'vitest';
import {
  checksumOf,
  crashes,
  defaultParameters,
  planJob,
  runChecksum,
  type WorkloadParameters,
} from './index.ts';

// Every figure in this file comes from the specification of the workload; other languages have the same ones.
const standard = defaultParameters(2);
const ids = (jobs: number) => Array.from({ length: jobs }, (_, id) => id);

function total(p: WorkloadParameters, of: (id: number) => number): number {
  return ids(p.jobs).reduce((sum, id) => sum + of(id), 0);
}

describe('the deterministic workload, at its defaults', () => {
  it.each([
    [0, 1868, 7, 1606163960],
    [1, 1535, 15, 3554169644],
    [2, 1203, 7, 1834780005],
    [3, 1971, 16, 77464450],
    [10, 36840, 6, 304143526],
    [41, 1833, 8, 2801455386],
    [157, 23120, 18, 4060849129],
    [999, 1044, 7, 2524458879],
    [19999, 376, 13, 460696659],
  ])('job %i works %i steps, sleeps %i ms, and has checksum %i', (id, workUnits, sleepMs, checksum) => {
    expect(planJob(standard, id)).toMatchObject({ workUnits, sleepMs, tail: workUnits > 2_000 });
    expect(checksumOf(standard, id)).toBe(checksum);
  });

  it.each([
    ['1,000 jobs of seed 42', { jobs: 1_000 }, 866086107],
    ['1,000 jobs of seed 7', { jobs: 1_000, seed: 7 }, 2334108096],
    ['20,000 jobs', {}, 2394122880],
    ['the compute-heavy sweep', { work_mul: 100, sleep_min: 0, sleep_max: 0 }, 2962403280],
    ['the sleep-heavy sweep', { work_div: 10, sleep_mul: 10 }, 1842284286],
  ])('%s have their run checksum', (_, change, checksum) => {
    expect(runChecksum({ ...standard, ...change })).toBe(checksum);
  });

  it('has the sums of 20,000 jobs', () => {
    expect(total(standard, (id) => planJob(standard, id).workUnits)).toBe(26067310);
    expect(total(standard, (id) => planJob(standard, id).sleepMs)).toBe(207538);
    expect(total(standard, (id) => Number(planJob(standard, id).tail))).toBe(203);
  });

  it('fails 404 of 20,000 jobs once at 20 per mille, and none at the default', () => {
    const failing = { ...standard, fail_per_mille: 20 };
    expect(total(failing, (id) => Number(planJob(failing, id).failsOnce))).toBe(404);
    expect(total(standard, (id) => Number(planJob(standard, id).failsOnce))).toBe(0);
    // A failure is drawn beside the compute, never from it.
    expect(runChecksum({ ...failing, jobs: 1_000 })).toBe(866086107);
  });

  it('crashes at its times', () => {
    const sequence = crashes({ ...standard, crash_min_ms: 300, crash_max_ms: 800 });
    const first = ids(5).map(() => sequence.next().value);
    expect(first.map((crash) => crash && [crash.atMs, crash.drawn])).toEqual([
      [650, 3],
      [1351, 3],
      [1755, 1],
      [2318, 3],
      [3056, 2],
    ]);
  });
});
