import { type Clock, type Log, messageOf } from '@millrace/core';
import type { Store } from '@millrace/queue';
import type { StartState } from '@millrace/supervision';
import { nowMs } from '../now.ts';

export interface FeedingDependencies {
  readonly store: Pick<Store, 'supervision'>;
  readonly queuesOf: (id: string) => readonly string[];
  readonly beatMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Feeds the suspects no more. To be called often. */
export type StopFeeding = (suspects: readonly StartState[]) => void;

/**
 * A frozen worker's blocking read swallows the marker that would wake another: it goes, once a beat, and at once for a
 * new suspect. One look at the store's clients serves all of them.
 */
export function createFeeding({ store, queuesOf, beatMs, clock, log }: FeedingDependencies): StopFeeding {
  let cut: ReadonlySet<string> = new Set();
  let cutMs = 0;
  return (suspects) => {
    const at = nowMs(clock);
    const isNew = suspects.some(({ id }) => !cut.has(id));
    if (suspects.length > 0 && !isNew && at - cutMs < beatMs) return;
    cut = new Set(suspects.map(({ id }) => id));
    if (cut.size === 0) return;
    cutMs = at;
    const queues = new Map([...cut].map((id) => [id, queuesOf(id)]));
    store.supervision.cutBlockingOf(queues).catch((error) => {
      log.debug({ workers: [...cut], error: messageOf(error) }, 'Could not cut suspects’ blocking reads');
    });
  };
}
