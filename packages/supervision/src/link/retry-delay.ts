/** A link that was up is dialled again within this many ms: a live worker must be back before it is taken for dead. */
export const REDIAL_MS = 50;
const FIRST_BACKOFF_MS = 100;
const LAST_BACKOFF_MS = 1_000;

/**
 * Ms to wait before the next dial. `failures` counts dials since the link was last up; 0 means it was just lost.
 * `random` is in [0, 1). With full jitter, so that a restarted supervisor is not met by all workers at once.
 */
export function retryDelayMs(failures: number, random: number): number {
  if (failures === 0) return random * REDIAL_MS;
  const ceiling = Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (failures - 1));
  return ceiling / 2 + random * (ceiling / 2);
}
