/** OTP's restart intensity: at most `intensity` restarts within any `periodMs`. */
export interface RestartLimits {
  readonly intensity: number;
  readonly periodMs: number;
}

/** Whether one more restart at `nowMs` is within the limits, and the restarts that still count after it. */
export interface RestartVerdict {
  readonly verdict: 'within' | 'exhausted';
  /** Times of the restarts within the period, oldest first, this one included. */
  readonly restarts: readonly number[];
}

const FIRST_DELAY_MS = 200;
const LAST_DELAY_MS = 5_000;

/** The restarts of `restarts` that are still within the period at `nowMs`. */
export function recentRestarts(
  restarts: readonly number[],
  nowMs: number,
  periodMs: number,
): readonly number[] {
  return restarts.filter((atMs) => nowMs - atMs < periodMs);
}

/** Adds a restart at `nowMs`; the one that makes more than `intensity` within the period exhausts the budget. */
export function addRestart(
  restarts: readonly number[],
  nowMs: number,
  { intensity, periodMs }: RestartLimits,
): RestartVerdict {
  const recent = [...recentRestarts(restarts, nowMs, periodMs), nowMs];
  return { verdict: recent.length > intensity ? 'exhausted' : 'within', restarts: recent };
}

/**
 * Ms to wait before a restart when `recent` restarts (this one included) lie within the period: the first is
 * immediate, since most deaths are single; then 200 ms doubling to 5 s, so that a loop of crashes is slow.
 */
export function restartDelayMs(recent: number): number {
  return recent <= 1 ? 0 : Math.min(LAST_DELAY_MS, FIRST_DELAY_MS * 2 ** (recent - 2));
}
