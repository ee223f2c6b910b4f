import { DURATION_EDGES } from './edges.ts';

/** How many durations fell into each bucket, as it goes over a channel between processes. */
export interface DurationCounts {
  /** One for each of `DURATION_EDGES`, not cumulative, and one more for what was longer than the last. */
  readonly counts: readonly number[];
  /** Of all durations, in seconds. */
  readonly sum: number;
}

/** Counts durations. A count costs a short search and no memory. */
export interface DurationHistogram {
  /** A negative duration (a clock was set back between its ends) counts as none. */
  record(seconds: number): void;
  /** Adds what another one counted. Throws a `RangeError` if that has other buckets. */
  add(other: DurationCounts): void;
  counts(): DurationCounts;
}

/** The first bucket whose upper edge is not below `seconds`. */
function bucketOf(seconds: number): number {
  let low = 0;
  let high = DURATION_EDGES.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((DURATION_EDGES[middle] as number) < seconds) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function createDurationHistogram(): DurationHistogram {
  const buckets = new Float64Array(DURATION_EDGES.length + 1);
  let sum = 0;
  return {
    record(seconds) {
      const took = seconds > 0 ? seconds : 0;
      const bucket = bucketOf(took);
      buckets[bucket] = (buckets[bucket] as number) + 1;
      sum += took;
    },
    add(other) {
      if (other.counts.length !== buckets.length) {
        throw new RangeError(`${other.counts.length} buckets cannot be added to ${buckets.length}`);
      }
      for (const [bucket, count] of other.counts.entries()) {
        buckets[bucket] = (buckets[bucket] as number) + count;
      }
      sum += other.sum;
    },
    counts: () => ({ counts: [...buckets], sum }),
  };
}

/** What was counted between two looks at one histogram; `before` null is none. */
export function durationsSince(before: DurationCounts | null, now: DurationCounts): DurationCounts {
  if (before === null) return now;
  return {
    counts: now.counts.map((count, bucket) => count - (before.counts[bucket] ?? 0)),
    sum: now.sum - before.sum,
  };
}
