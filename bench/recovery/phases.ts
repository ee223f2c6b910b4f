import type { Recovery } from '@millrace/core';
import { type Spread, spread } from '@millrace/measure';
import type { Fault } from './faults.ts';
import { lastOrphanMs, type Orphan } from './orphans.ts';

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

/** One kill's recovery, in ms since the kill: where a slow one's time went. */
export interface Timeline {
  /** Of the kills, in their order. */
  readonly kill: number;
  readonly lastOrphanMs: number;
  readonly detectMs: number | null;
  readonly fenceMs: number | null;
  readonly reclaimMs: number | null;
  /** By orphan, the first to start first: when the store had it back, handed it out, and its handler ran. */
  readonly orphans: readonly (readonly [returnedMs: number, takenMs: number, startedMs: number])[];
}

/** The `most` slowest of these faults, the slowest first. */
export function slowestOf(
  faults: readonly Fault[],
  orphansOf: (fault: Fault) => readonly Orphan[],
  recoveries: readonly Recovery[],
  most: number,
): Timeline[] {
  const byWorker = new Map(recoveries.map((recovery) => [recovery.certificate.worker, recovery]));
  const timelines = faults.flatMap((fault, kill): Timeline[] => {
    const orphans = orphansOf(fault);
    const ms = lastOrphanMs(fault.atMs, orphans);
    if (ms === null) return [];
    const recovery = byWorker.get(fault.worker);
    const tenths = (at: number) => Math.round((at - fault.atMs) * 10) / 10;
    const phase = (name: 'detectMs' | 'fenceMs' | 'reclaimMs') =>
      recovery && recovery[name] !== null ? tenths(recovery.diedAtMs + recovery[name]) : null;
    const rows = orphans
      .map((orphan) => [tenths(orphan.returnedMs), tenths(orphan.takenMs), tenths(orphan.startedMs)] as const)
      .sort((a, b) => a[2] - b[2]);
    return [
      {
        ...{ kill, lastOrphanMs: ms, orphans: rows },
        ...{ detectMs: phase('detectMs'), fenceMs: phase('fenceMs'), reclaimMs: phase('reclaimMs') },
      },
    ];
  });
  return timelines.sort((a, b) => b.lastOrphanMs - a.lastOrphanMs).slice(0, most);
}
