import { type Clock, type Log, messageOf, podOfStart } from '@millrace/core';
import type { Store } from '@millrace/queue';
import type { DeathWatch } from '@millrace/supervision';
import { nowMs } from '../now.ts';

export interface LockCensusDependencies {
  readonly store: Pick<Store, 'board' | 'supervision' | 'connected'>;
  readonly watch: Pick<DeathWatch, 'get' | 'isDead' | 'hearsay'>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Makes known every start that holds a job, whoever it is: one that died before it ever said hello, or while no
 * supervisor lived, is in nobody's picture, but in its locks. Who is alive will say hello or shows in the store.
 */
export async function takeLockCensus({ store, watch, clock, log }: LockCensusDependencies): Promise<void> {
  if (!store.connected) return;
  try {
    for (const queue of await store.board.queueNames()) {
      for (const id of await store.supervision.holders(queue)) {
        if (watch.get(id) || watch.isDead(id)) continue;
        log.info({ worker: id, queue }, 'A stranger holds jobs: it is watched from now on');
        watch.hearsay({ id, pod: podOfStart(id), pid: 0, slot: null }, nowMs(clock));
      }
    }
  } catch (error) {
    log.debug({ error: messageOf(error) }, 'The locks were not looked through this time');
  }
}
