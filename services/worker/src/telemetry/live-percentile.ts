/** Buckets of equal ratio, 16 to a doubling: a value is known to 4.4 %. From 1 µs to 2³⁶ µs, which is 19 hours. */
const A_DOUBLING = 16;
const BUCKETS = 36 * A_DOUBLING;
/** Too few say nothing about one in a hundred. */
const LEAST_SAMPLES = 200;
/** The limit is found anew after so many samples: a walk over the buckets costs about a microsecond. */
const REFRESH_EVERY = 128;
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

const bucketOf = (us: number) => (us <= 1 ? 0 : Math.min(BUCKETS - 1, (Math.log2(us) * A_DOUBLING) | 0));
const upperEdgeOf = (bucket: number) => 2 ** ((bucket + 1) / A_DOUBLING);

/** `share` (0.99) of the samples in both windows are at most the limit. */
function limitOf(windows: readonly Uint32Array[], samples: number, share: number): number {
  if (samples < LEAST_SAMPLES) return Number.POSITIVE_INFINITY;
  let above = 0;
  for (let bucket = BUCKETS - 1; bucket >= 0; bucket -= 1) {
    for (const window of windows) above += window[bucket] as number;
    if (above > samples * (1 - share)) return upperEdgeOf(bucket);
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
