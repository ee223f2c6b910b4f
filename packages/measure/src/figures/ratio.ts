import { median, quantile } from './quantile.ts';

/** A ratio of medians and the range in which it would have fallen in 95 of 100 such runs. */
export interface Ratio {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 1_000;

/** A small generator for resampling (mulberry32): uniform in [0, 1). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function resample(values: readonly number[], random: () => number): number[] {
  return values.map(() => values[Math.floor(random() * values.length)] as number);
}

/**
 * Median of `ours` over median of `theirs`, with a bootstrap interval; null where either side has nothing, or theirs
 * never ended (Infinity) more often than not.
 */
export function ratioOfMedians(
  ours: readonly number[],
  theirs: readonly number[],
  seed: number,
): Ratio | null {
  const of = (a: readonly number[], b: readonly number[]) => (median(a) ?? 0) / (median(b) ?? 0);
  const below = median(theirs);
  if (ours.length === 0 || !below || !Number.isFinite(below)) return null;
  const random = generator(seed);
  const draws = Array.from({ length: RESAMPLES }, () => of(resample(ours, random), resample(theirs, random)));
  return {
    value: of(ours, theirs),
    low: quantile(draws, 0.025) as number,
    high: quantile(draws, 0.975) as number,
  };
}
