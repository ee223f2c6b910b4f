import type { Timeline } from '../book/timeline.ts';
import { quantile } from '../figures/quantile.ts';
import type { RatePoint, ThroughputFigures } from './run-summary.ts';

const SECOND_US = 1_000_000;

const tenth = (value: number) => Math.round(value * 10) / 10;

/** Jobs done per second in windows of `widthUs` (rounded to whole bins) from the run's start. */
export function ratesOf(timeline: Timeline, widthUs: number): { points: RatePoint[]; windowMs: number } {
  const bins = Math.max(1, Math.round(widthUs / timeline.binUs));
  const windowUs = bins * timeline.binUs;
  const count = Math.ceil(timeline.endUs / windowUs);
  const points = Array.from({ length: count }, (_, i) => {
    const { done } = timeline.sums(i * bins, (i + 1) * bins);
    return { atS: (i * windowUs) / SECOND_US, rate: tenth((done * SECOND_US) / windowUs) };
  });
  return { points, windowMs: windowUs / 1_000 };
}

function spreadOf(rates: readonly number[]) {
  if (rates.length < 2) return { variation: null, least: null, most: null };
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const square = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
  const variation = mean === 0 ? null : Math.sqrt(square) / mean;
  return { variation, least: quantile(rates, 0), most: quantile(rates, 1) };
}

/** How fast a run was, and how steadily. */
export function throughputOf(
  timeline: Timeline,
  windowMs: number,
  done: number,
  seconds: number,
): ThroughputFigures {
  const windows = ratesOf(timeline, windowMs * 1_000);
  const bySecond = ratesOf(timeline, SECOND_US).points;
  // The first and the last second are not whole.
  const whole = bySecond.slice(1, -1).map(({ rate }) => rate);
  return {
    mean: seconds > 0 ? tenth(done / seconds) : 0,
    windowMs: windows.windowMs,
    byWindow: windows.points,
    bySecond,
    ...spreadOf(whole),
  };
}
