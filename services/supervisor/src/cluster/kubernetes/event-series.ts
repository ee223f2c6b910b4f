/** The same Event again within this time is one more of its series. */
const SERIES_MS = 360_000;
/** Events about one object: so many at once, and one more each so many ms. */
const BURST = 10;
const REFILL_MS = 10_000;
const KEPT = 1_000;

/** One Event and how often it happened. */
export interface Series {
  readonly name: string;
  readonly count: number;
  readonly atMs: number;
}

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** By key, and under the object's own uid what is left of its allowance. */
export type EventSeries = ReadonlyMap<string, Series | Bucket>;

export interface EventSighting {
  /** What makes two Events the same. */
  readonly key: string;
  /** The uid of what it is about. */
  readonly object: string;
  /** For a new one. */
  readonly name: string;
}

/** What is to be written: a first (count 1), one more of a series, or nothing since there are too many. */
export function noteSeries(
  series: EventSeries,
  { key, object, name }: EventSighting,
  nowMs: number,
): { readonly series: EventSeries; readonly write: Series | null } {
  const known = series.get(key) as Series | undefined;
  const bucket = refilled(series.get(object) as Bucket | undefined, nowMs);
  const isSame = known !== undefined && nowMs - known.atMs <= SERIES_MS;
  const next: Series = isSame
    ? { name: known.name, count: known.count + 1, atMs: nowMs }
    : { name, count: 1, atMs: nowMs };
  const isAllowed = bucket.tokens >= 1;
  const kept = new Map(series);
  // The newest last, so that the oldest is forgotten first.
  for (const old of [key, object]) kept.delete(old);
  // One that is not written is counted all the same, once its series is there to tell of it.
  if (isAllowed || isSame) kept.set(key, next);
  kept.set(object, { tokens: bucket.tokens - (isAllowed ? 1 : 0), atMs: nowMs });
  for (const oldest of kept.keys()) {
    if (kept.size <= KEPT) break;
    kept.delete(oldest);
  }
  return { series: kept, write: isAllowed ? next : null };
}

function refilled(bucket: Bucket | undefined, nowMs: number): Bucket {
  if (bucket === undefined) return { tokens: BURST, atMs: nowMs };
  return { tokens: Math.min(BURST, bucket.tokens + (nowMs - bucket.atMs) / REFILL_MS), atMs: nowMs };
}
