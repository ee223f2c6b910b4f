import { type Clock, messageOf } from '@millrace/core';
import type { Store } from '@millrace/queue';

const CHECK_MS = 5_000;
const AWAY_MS = 100;

/** Whether the store can be worked with, looked at again and again. */
export interface StoreFitness {
  /** Why it cannot, as sentences; empty means that it can. */
  faults(): string[];
  /** Looks until `signal` aborts, with which it rejects. */
  watch(signal: AbortSignal): Promise<void>;
}

/** See {@link StoreFitness}. */
export function createStoreFitness(store: Pick<Store, 'connected' | 'check'>, clock: Clock): StoreFitness {
  let unfit: string | null = null;
  return {
    faults() {
      if (!store.connected) return ['The store does not answer.'];
      return unfit === null ? [] : [unfit];
    },
    async watch(signal) {
      while (!signal.aborted) {
        if (store.connected) {
          unfit = await store.check().then(
            () => null,
            (error) => messageOf(error),
          );
        }
        await clock.sleep(store.connected ? CHECK_MS : AWAY_MS, signal);
      }
    },
  };
}
