/**
 * A limit that one in a hundred exceeds needs this much at most, with the bursts that a pause makes. While a backlog
 * grows, though, every job has waited longer than all before it, and none of them is news.
 */
const SHARE = 0.025;
const BURST = 64;

/** Bounds how many attempts of one queue are kept for being slow. The choice knows nothing of the hash: weights hold. */
export interface SlowAllowance {
  /** To be called for every attempt: whether this one, if it is slow, is kept for it. */
  grant(isSlow: boolean): boolean;
}

export function createSlowAllowance(): SlowAllowance {
  let left = BURST;
  return {
    grant(isSlow) {
      if (left < BURST) left += SHARE;
      if (!isSlow || left < 1) return false;
      left -= 1;
      return true;
    },
  };
}
