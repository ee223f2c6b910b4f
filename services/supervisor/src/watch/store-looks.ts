import type { Clock } from '@millrace/core';
import type { Store } from '@millrace/queue';
import type { DeathWatch, StartAction, StartState } from '@millrace/supervision';
import { nowMs } from '../now.ts';

/** Looks into the store's client list while a doubt is fresh, and later on. */
const FRESH_DOUBT_MS = 1_000;
const SLOW_LOOK_MS = 500;

export interface StoreLooksDependencies {
  readonly store: Pick<Store, 'supervision'>;
  readonly watch: DeathWatch;
  readonly perform: (actions: readonly StartAction[]) => void;
  readonly clock: Clock;
}

/** Looks for the store's connections of those in `states` whose link is closed: one look for all, one at a time. */
export type LookIntoStore = (states: readonly StartState[]) => void;

/** See {@link LookIntoStore}. */
export function createStoreLooks(dependencies: StoreLooksDependencies): LookIntoStore {
  const { store, watch, perform, clock } = dependencies;
  let lookedMs = 0;
  let looking = false;

  async function ask(ids: readonly string[]): Promise<void> {
    const askedMs = nowMs(clock);
    looking = true;
    try {
      const counts = await store.supervision.connectionsOf(ids);
      for (const [id, connections] of counts) {
        perform(watch.observe(id, { type: 'store-look', connections, askedMs }, nowMs(clock)));
      }
    } catch {
      watch.storeLost(nowMs(clock));
    } finally {
      looking = false;
    }
  }

  return (states) => {
    const at = nowMs(clock);
    const doubtful = states.filter(({ linked }) => !linked);
    if (doubtful.length === 0 || looking) return;
    const fresh = doubtful.some(({ linkClosedMs }) => at - (linkClosedMs ?? 0) < FRESH_DOUBT_MS);
    if (!fresh && at - lookedMs < SLOW_LOOK_MS) return;
    lookedMs = at;
    void ask(doubtful.map(({ id }) => id));
  };
}
