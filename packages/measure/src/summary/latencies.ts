import type { LatencySeries } from '../book/latency-series.ts';
import type { Histogram } from '../figures/histogram.ts';
import type { Curve, LatencyPoint, Percentiles } from './run-summary.ts';

/** µs to ms, with three figures behind the point at most. */
export const msOf = (us: number | null) => (us === null ? null : Math.round(us) / 1_000);

export function percentilesOf(histogram: Histogram): Percentiles {
  const [p50, p95, p99, p999] = histogram.quantiles([0.5, 0.95, 0.99, 0.999]).map(msOf);
  return {
    ...{ p50: p50 ?? null, p95: p95 ?? null, p99: p99 ?? null, p999: p999 ?? null },
    ...{ max: msOf(histogram.max), mean: msOf(histogram.mean), n: Math.round(histogram.weight) },
  };
}

/** Denser towards the tail, as such curves are drawn: each nine has the same number of points. */
const SHARES = [
  0,
  0.25,
  0.5,
  ...[1, 2, 3, 4].flatMap((nines) => {
    const from = 1 - 10 ** -(nines - 1);
    return Array.from({ length: 9 }, (_, i) => from + (i + 1) * 10 ** -nines);
  }),
].sort((a, b) => a - b);

/** Shares beyond what so many values can tell are left out. */
export function curveOf(histogram: Histogram): Curve {
  const shares = [...new Set(SHARES)].filter((share) => (1 - share) * histogram.weight >= 1);
  return histogram.quantiles(shares).map((us, i) => [shares[i] as number, msOf(us) ?? 0] as const);
}

export function overTime(series: LatencySeries): LatencyPoint[] {
  return series.parts().map(([startUs, part]) => {
    const [p50, p95, p99] = part.quantiles([0.5, 0.95, 0.99]).map((us) => msOf(us) ?? 0);
    return { atS: startUs / 1_000_000, p50: p50 ?? 0, p95: p95 ?? 0, p99: p99 ?? 0 };
  });
}
