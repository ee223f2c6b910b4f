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

type PhaseName = 'detectMs' | 'fenceMs' | 'reclaimMs' | 'firstOrphanMs' | 'respawnMs';

/** When a phase of a fault's recovery was over by the supervisors' own record, counted from the signal that we sent. */
function phasesSinceSignal(recoveries: readonly Recovery[]) {
  const byWorker = new Map(recoveries.map((recovery) => [recovery.certificate.worker, recovery]));
  return ({ worker, atMs }: Fault, phase: PhaseName): number | null => {
    const recovery = byWorker.get(worker);
    const ms = recovery?.[phase] ?? null;
    return recovery === undefined || ms === null ? null : recovery.diedAtMs + ms - atMs;
  };
}

/** Each phase over all of these faults. */
export function phasesOf(faults: readonly Fault[], recoveries: readonly Recovery[]): Phases {
  const since = phasesSinceSignal(recoveries);
  const over = (phase: PhaseName) => spread(faults.flatMap((fault) => since(fault, phase) ?? []));
  return {
    detect: over('detectMs'),
    fence: over('fenceMs'),
    reclaim: over('reclaimMs'),
    firstOrphan: over('firstOrphanMs'),
    respawn: over('respawnMs'),
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

const tenths = (ms: number) => Math.round(ms * 10) / 10;

/** The `most` slowest of these faults, the slowest first. */
export function slowestOf(
  faults: readonly Fault[],
  orphansOf: (fault: Fault) => readonly Orphan[],
  recoveries: readonly Recovery[],
  most: number,
): Timeline[] {
  const since = phasesSinceSignal(recoveries);
  const timelines = faults.flatMap((fault, kill): Timeline[] => {
    const orphans = orphansOf(fault);
    const ms = lastOrphanMs(fault.atMs, orphans);
    if (ms === null) return [];
    const phase = (name: PhaseName) => {
      const at = since(fault, name);
      return at === null ? null : tenths(at);
    };
    const rows = orphans
      .toSorted((a, b) => a.startedMs - b.startedMs)
      .map(({ returnedMs, takenMs, startedMs }) => {
        const after = (at: number) => tenths(at - fault.atMs);
        return [after(returnedMs), after(takenMs), after(startedMs)] as const;
      });
    return [
      {
        ...{ kill, lastOrphanMs: ms, orphans: rows },
        ...{ detectMs: phase('detectMs'), fenceMs: phase('fenceMs'), reclaimMs: phase('reclaimMs') },
      },
    ];
  });
  return timelines.toSorted((a, b) => b.lastOrphanMs - a.lastOrphanMs).slice(0, most);
}
