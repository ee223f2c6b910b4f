const HAND_BACK_MS = 3_000;

/**
 * What each level may take beyond the time of a drain, ms: every level waits longer than the one below it needs, or
 * it would kill what was about to end well.
 */
export const DRAIN_MARGINS = {
  /** A worker process, to hand its jobs back; then it ends without the store's word. */
  handBackMs: HAND_BACK_MS,
  /** A pod, for the end of its processes; then it kills them. */
  processEndMs: HAND_BACK_MS + 1_000,
  /** Whoever runs the pod, for its end; then it is killed. */
  podEndMs: HAND_BACK_MS + 3_000,
} as const;
