import { type Clock, isMillraceError, type Log, messageOf } from '@millrace/core';

const RETRY_MS = 250;

/**
 * Resolves once the store has answered `ask`. An outage is weather: said once and waited out, until `signal` aborts
 * (then throws its reason). Throws `store_unfit`: such a store loses jobs, so nothing is taken from it.
 */
export async function untilFit(
  ask: () => Promise<void>,
  { clock, log, signal }: { readonly clock: Clock; readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await ask();
    } catch (error) {
      if (!isMillraceError(error, 'store_unavailable')) throw error;
      if (isFirst) log.warn({ reason: messageOf(error) }, 'The store does not answer; waiting for it');
      await clock.sleep(RETRY_MS, signal);
    }
  }
}
