/**
 * Each doubling is cut into 16 buckets of one width, so a value is known to 6 %: its highest bit and the four below name
 * the bucket. What is longer than 2³¹ µs (36 minutes) is in the last.
 */
const A_DOUBLING = 16;
const SUB_BITS = 4;
const LONGEST_US = 2 ** 31 - 1;
const BUCKETS = (31 - SUB_BITS + 1) * A_DOUBLING;
/** Too few say nothing about one in a hundred. */
const LEAST_SAMPLES = 200;
/** The limit is found anew after so many samples: a walk over the buckets costs about a microsecond. */
const REFRESH_EVERY = 100;
/** A window ends when it is both so old and so full; what was before the last is forgotten. */
const WINDOW_US = 10_000_000;
const WINDOW_SAMPLES = 1_000;

/** What one in a hundred of the latest durations exceeds. Bounded memory; a sample costs some ten nanoseconds. */
export interface LivePercentile {
  /** Counts one duration, µs, and tells whether it is above the limit as it was before. */
  isAbove(durationUs: number, nowUs: number): boolean;
  /** µs; Infinity before there are enough samples. */
  readonly limitUs: number;
}

function bucketOf(durationUs: number): number {
  if (durationUs >= LONGEST_US) return BUCKETS - 1;
  const us = durationUs > 0 ? durationUs | 0 : 0;
  if (us < A_DOUBLING) return us;
  const shift = 31 - SUB_BITS - Math.clz32(us);
  return shift * A_DOUBLING + (us >> shift);
}

/** The longest that falls into it, µs. */
function lastOf(bucket: number): number {
  if (bucket === BUCKETS - 1) return Number.POSITIVE_INFINITY;
  if (bucket < A_DOUBLING) return bucket;
  const shift = (bucket >> SUB_BITS) - 1;
  return (((bucket & (A_DOUBLING - 1)) + A_DOUBLING + 1) << shift) - 1;
}

/** `share` (0.99) of the samples in both windows are at most the limit. */
function limitOf(windows: readonly Uint32Array[], samples: number, share: number): number {
  if (samples < LEAST_SAMPLES) return Number.POSITIVE_INFINITY;
  let above = 0;
  for (let bucket = BUCKETS - 1; bucket >= 0; bucket -= 1) {
    for (const window of windows) above += window[bucket] as number;
    if (above > samples * (1 - share)) return lastOf(bucket);
  }
  return Number.POSITIVE_INFINITY;
}

export function createLivePercentile(share = 0.99): LivePercentile {
  let now = new Uint32Array(BUCKETS);
  let before = new Uint32Array(BUCKETS);
  let [inNow, inBefore] = [0, 0];
  let beganUs = Number.NEGATIVE_INFINITY;
  let limitUs = Number.POSITIVE_INFINITY;

  function turn(nowUs: number): void {
    if (beganUs === Number.NEGATIVE_INFINITY) beganUs = nowUs;
    if (inNow < WINDOW_SAMPLES || nowUs - beganUs < WINDOW_US) return;
    [now, before] = [before.fill(0), now];
    [inNow, inBefore] = [0, inNow];
    beganUs = nowUs;
  }

  return {
    isAbove(durationUs, nowUs) {
      const bucket = bucketOf(durationUs);
      now[bucket] = (now[bucket] as number) + 1;
      inNow += 1;
      const isAbove = durationUs > limitUs;
      if (inNow % REFRESH_EVERY === 0) {
        limitUs = limitOf([now, before], inNow + inBefore, share);
        turn(nowUs);
      }
      return isAbove;
    },
    get limitUs() {
      return limitUs;
    },
  };
}
