import { describe, expect, test } from 'vitest';
import { cutAtEnd, cutAtStart } from './cuts.ts';
import { jobHash } from './ids.ts';
import { type Cut, samplingPolicy } from './sampling.ts';

/** Deterministic numbers in [0, 1): mulberry32. */
function seeded(seed: number) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Attempt {
  readonly us: number;
  readonly cut: Cut | null;
}

const RATE = 0.1;
const JOBS = 4_000;
const QUANTILES = [0.5, 0.9, 0.95, 0.99] as const;

/**
 * A run: log-normal service times with a heavy tail, some clients that sample, some jobs that fail first (their next
 * attempt is `continued`), slow ones against a limit that is itself only an estimate.
 */
function simulate(seed: number): Attempt[] {
  const random = seeded(seed);
  const policy = samplingPolicy('cuts', RATE);
  const attempts: Attempt[] = [];
  const run = (id: string, outcome: 'completed' | 'retried', remote: boolean | null, continued: boolean) => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const us = Math.round(1000 * Math.exp(normal) * (random() < 0.03 ? 20 : 1));
    const isSlow = us > 15_000 + 5_000 * random();
    const atStart = cutAtStart(policy, jobHash('q', id, seed), remote, continued);
    attempts.push({ us, cut: cutAtEnd(policy, atStart, outcome, isSlow) });
  };
  for (let n = 0; n < JOBS; n++) {
    const remote = random() < 0.05 ? random() < 0.5 : null;
    const failsFirst = random() < 0.05;
    if (failsFirst) run(String(n), 'retried', remote, false);
    run(String(n), 'completed', remote, failsFirst);
  }
  return attempts;
}

/** The share of all attempts that are at most `us`, as the kept ones say: Σ of their weights ÷ Σ of all weights. */
function shareAtMost(kept: readonly Attempt[], us: number, weightOf: (cut: Cut) => number): number {
  let [below, all] = [0, 0];
  for (const attempt of kept) {
    if (!attempt.cut) continue;
    all += weightOf(attempt.cut);
    if (attempt.us <= us) below += weightOf(attempt.cut);
  }
  return below / all;
}

/**
 * Per quantile, the mean over many runs of how far the estimated share at the exact percentile is from the truth, in
 * standard errors of that mean: an unbiased estimate stays within a few, a biased one leaves with the square root of
 * the runs.
 */
function biasOf(weightOf: (cut: Cut) => number, runs: number): number[] {
  const errors: number[][] = QUANTILES.map(() => []);
  for (let seed = 1; seed <= runs; seed++) {
    const attempts = simulate(seed);
    const sorted = attempts.map(({ us }) => us).sort((a, b) => a - b);
    QUANTILES.forEach((quantile, index) => {
      const exact = sorted[Math.ceil(quantile * sorted.length) - 1] ?? 0;
      const truth = sorted.filter((us) => us <= exact).length / sorted.length;
      errors[index]?.push(shareAtMost(attempts, exact, weightOf) - truth);
    });
  }
  return errors.map((all) => {
    const mean = all.reduce((sum, each) => sum + each, 0) / all.length;
    const variance = all.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (all.length - 1);
    return Math.abs(mean) / Math.sqrt(variance / all.length);
  });
}

describe('weighted percentiles', () => {
  test('are not biased by what was kept, over 200 seeded runs', () => {
    for (const bias of biasOf(({ weight }) => weight, 200)) expect(bias).toBeLessThan(4);
  });

  test('without the weights they are, far beyond doubt', () => {
    for (const bias of biasOf(() => 1, 50)) expect(bias).toBeGreaterThan(10);
  });

  test('the weights add up to the number of attempts', () => {
    const attempts = Array.from({ length: 50 }, (_, seed) => simulate(seed + 1)).flat();
    const sum = attempts.reduce((all, { cut }) => all + (cut?.weight ?? 0), 0);
    expect(Math.abs(sum / attempts.length - 1)).toBeLessThan(0.02);
  });
});
