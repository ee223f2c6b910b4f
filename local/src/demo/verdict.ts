import type { Totals } from './ledger-tally.ts';
import type { RecoveryTimes } from './recovery-times.ts';
import type { Measured } from './report.ts';

/** All that a run is judged by. */
export interface RunFacts {
  readonly totals: Totals;
  readonly expectedChecksum: number;
  /** Crashes of the seeded sequence that fell due before the last job was done. */
  readonly killsDue: number;
  readonly kills: number;
  readonly bound: number;
  readonly maxDepth: number;
  /** The ledger misses entries: nothing can be said about the run. */
  readonly gap: boolean;
  /** From the first offer to the last commit. */
  readonly runMs: number;
  readonly recoveries: readonly RecoveryTimes[];
}

/** The demo's one line of JSON. */
export interface DemoReport extends Measured {
  readonly jobs: number;
  readonly checksum: number;
  readonly lost: number;
  readonly duplicateCommits: number;
  readonly duplicateStarts: number;
  readonly kills: number;
  readonly maxDepth: number;
  readonly returned: number;
  readonly throughput: number;
  readonly recoveries: readonly RecoveryTimes[];
}

export function reportOf(facts: RunFacts, measured: Measured): DemoReport {
  const { totals, kills, maxDepth, recoveries, runMs } = facts;
  return {
    jobs: totals.jobs,
    checksum: totals.checksum,
    lost: totals.lost,
    duplicateCommits: totals.duplicateCommits,
    duplicateStarts: totals.duplicateStarts,
    kills,
    maxDepth,
    returned: totals.returned,
    throughput: runMs > 0 ? Math.round((totals.done * 1000) / runMs) : 0,
    recoveries,
    ...measured,
  };
}

/** Every reason why the run is not right; none means it is. */
export function faultsOf(facts: RunFacts): string[] {
  const { totals, expectedChecksum, killsDue, kills, maxDepth, bound, gap } = facts;
  const faults: string[] = [];
  if (gap) faults.push('the ledger has a gap, which voids the run');
  if (totals.lost > 0) faults.push(`${totals.lost} jobs were never done`);
  if (totals.duplicateCommits > 0)
    faults.push(`${totals.duplicateCommits} jobs were committed more than once`);
  if (totals.checksum !== expectedChecksum) faults.push(`the checksum should be ${expectedChecksum}`);
  if (kills < killsDue) faults.push(`only ${kills} of ${killsDue} kills could be made`);
  if (maxDepth > bound) faults.push(`the queue was ${maxDepth} deep, over its bound of ${bound}`);
  return faults;
}
