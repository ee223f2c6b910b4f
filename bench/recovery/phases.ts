import type { Recovery } from '@millrace/core';
import { type Spread, spread } from '@millrace/measure';
import type { Fault } from './faults.ts';

/** Where the time of a recovery went, in ms since the kill. */
export interface Phases {
  readonly detect: Spread;
  readonly fence: Spread;
  readonly reclaim: Spread;
  readonly firstOrphan: Spread;
  readonly respawn: Spread;
}

/** The supervisors' own records of these faults, counted from the signal that we sent. */
export function phasesOf(faults: readonly Fault[], recoveries: readonly Recovery[]): Phases {
  const byWorker = new Map(recoveries.map((recovery) => [recovery.certificate.worker, recovery]));
  const since = (pick: (recovery: Recovery) => number | null) =>
    spread(
      faults.flatMap(({ worker, atMs }) => {
        const recovery = byWorker.get(worker);
        const ms = recovery ? pick(recovery) : null;
        return recovery === undefined || ms === null ? [] : [recovery.diedAtMs + ms - atMs];
      }),
    );
  return {
    detect: since(({ detectMs }) => detectMs),
    fence: since(({ fenceMs }) => fenceMs),
    reclaim: since(({ reclaimMs }) => reclaimMs),
    firstOrphan: since(({ firstOrphanMs }) => firstOrphanMs),
    respawn: since(({ respawnMs }) => respawnMs),
  };
}
