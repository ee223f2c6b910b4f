import { type Clock, type Log, messageOf } from '@millrace/core';
import { abortable } from './abortable.ts';

const RETRY_MS = 100;

/** Tries a call to the store until it works. */
export type UntilDone = <T>(what: string, call: () => Promise<T>) => Promise<T>;

/** The store away is weather: it is waited out. Rejects only when `signal` aborts. */
export function untilDoneWith(clock: Clock, log: Log, signal: AbortSignal): UntilDone {
  return async (what, call) => {
    for (;;) {
      signal.throwIfAborted();
      try {
        return await abortable(call(), signal);
      } catch (error) {
        signal.throwIfAborted();
        log.warn({ what, error: messageOf(error) }, 'The store did not take a step; it is tried again');
        await clock.sleep(RETRY_MS, signal);
      }
    }
  };
}
