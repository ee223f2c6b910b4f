/** The longest a client may wait for a result within its request. */
export const MAX_WAIT_S = 60;

/**
 * Seconds that `Prefer: wait=N` asks for, at most {@link MAX_WAIT_S}; null without one. A preference that cannot
 * be read is no preference (RFC 7240, section 2).
 */
export function preferredWaitS(prefer: string | readonly string[] | undefined): number | null {
  for (const preference of [prefer ?? []].flat().join(',').split(',')) {
    const seconds = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(;|$)/i.exec(preference)?.[1];
    if (seconds !== undefined && Number(seconds) > 0) return Math.min(Number(seconds), MAX_WAIT_S);
  }
  return null;
}
