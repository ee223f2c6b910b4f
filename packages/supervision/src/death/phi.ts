/**
 * How unlikely it is that a worker which still lives has been silent for so long: the phi accrual failure detector
 * (Hayashibara, Défago, Yared, Katayama: The φ Accrual Failure Detector, SRDS 2004). phi = -log10 of the probability
 * that its next beat comes even later, if the intervals between its beats are normally distributed: to call it late at
 * phi errs once in 10^phi beats. Unlike a fixed time it knows a steady worker from an unsteady one.
 */

/** Intervals that are remembered: older ones say nothing about the load of now. */
const WINDOW = 100;
/** Fewer intervals are no distribution. */
const ENOUGH = 8;
/** No machine is so steady that its next beat could not be this share of the mean late. */
const MIN_DEVIATION = 0.25;
/** How much of a worker's longest event-loop delay is still expected one beat later. */
const LAG_KEPT = 0.9;

/** When the beats of one worker came. Times are ms. */
export interface Arrivals {
  readonly lastMs: number;
  /** The newest intervals, oldest first, with their sum and the sum of their squares. */
  readonly intervals: readonly number[];
  readonly sum: number;
  readonly squares: number;
  /** The event-loop delay that it told of, fading: who was late by so much will be again, and says so himself. */
  readonly lagMs: number;
}

/** Nothing has come yet but a sign of life at `nowMs`. */
export function noArrivals(nowMs: number): Arrivals {
  return { lastMs: nowMs, intervals: [], sum: 0, squares: 0, lagMs: 0 };
}

/** A beat came that tells of an event-loop delay of `loopDelayMs`. */
export function arrived(before: Arrivals, nowMs: number, loopDelayMs: number): Arrivals {
  const interval = Math.max(0, nowMs - before.lastMs);
  const dropped = before.intervals.length < WINDOW ? 0 : (before.intervals[0] ?? 0);
  return {
    lastMs: nowMs,
    intervals: [...before.intervals.slice(1 - WINDOW), interval],
    sum: before.sum + interval - dropped,
    squares: before.squares + interval * interval - dropped * dropped,
    lagMs: Math.max(loopDelayMs, before.lagMs * LAG_KEPT),
  };
}

/** The interval since the last beat says nothing: the link was new, or we ourselves did not listen. */
export function resumed(before: Arrivals, nowMs: number): Arrivals {
  return { ...before, lastMs: nowMs };
}

/** The suspicion of one who has been silent for `silentMs`: 0 while it is too new to know its ways. */
export function phi({ intervals, sum, squares, lagMs }: Arrivals, silentMs: number): number {
  const count = intervals.length;
  if (count < ENOUGH) return 0;
  const mean = sum / count;
  const variance = Math.max(0, squares / count - mean * mean);
  const deviation = Math.max(Math.sqrt(variance), mean * MIN_DEVIATION, 1);
  return tailExponent((silentMs - lagMs - mean) / deviation);
}

/**
 * -log10 of the upper tail of the standard normal distribution, by the logistic approximation of Bowling et al. (2009),
 * whose error is below 0.00014; written so that it never rounds to infinity.
 */
function tailExponent(y: number): number {
  const x = 1.5976 * y + 0.070566 * y ** 3;
  const softplus = x > 30 ? x : Math.log1p(Math.exp(x));
  return softplus / Math.LN10;
}
