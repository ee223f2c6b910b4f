/** The `q` quantile (0 to 1) by nearest rank, so always one of the values; null of none. */
export function quantile(values: readonly number[], q: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.min(sorted.length, Math.max(1, Math.ceil(q * sorted.length)));
  return sorted[rank - 1] as number;
}

export const median = (values: readonly number[]): number | null => quantile(values, 0.5);

/** The figures of one measured duration, in the unit of its values. */
export interface Spread {
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly max: number | null;
  readonly n: number;
}

/** A tenth is all that a clock of a busy machine can tell. */
const round = (value: number | null) => (value === null ? null : Math.round(value * 10) / 10);

/** Quantiles of `values`, rounded to tenths. */
export function spread(values: readonly number[]): Spread {
  const at = (q: number) => round(quantile(values, q));
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1), n: values.length };
}
