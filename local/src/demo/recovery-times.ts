import type { Recovery } from '@millrace/core';

/** One worker that the demo killed. Times are ms since 1970. */
export interface Kill {
  readonly worker: string;
  readonly pid: number;
  /** The slot that the seeded sequence named, and the one that was hit. */
  readonly drawn: number;
  readonly slot: number;
  readonly atMs: number;
  /** When the sequence wanted it, in ms from the first offer. */
  readonly plannedMs: number;
}

/** How long one recovery took, in ms from the SIGKILL; null where nothing is known. No orphan at all is 0 ms. */
export interface RecoveryTimes {
  readonly worker: string;
  readonly cause: string | null;
  readonly detectMs: number | null;
  readonly reclaimMs: number | null;
  readonly lastOrphanMs: number | null;
}

/** Start times that the ledger shows for jobs which `worker` was killed with: ms since 1970, the last one. */
export type OrphanStarts = (worker: string) => number | null;

const round = (ms: number) => Math.round(ms * 10) / 10;

/**
 * What became of a kill. The supervisor counts from the death it certified, we from the signal we sent. Where its
 * record does not tell of the last orphan (it died itself on the way), the ledger does.
 */
export function recoveryTimes(
  kill: Kill,
  recovery: Recovery | undefined,
  orphanStarts: OrphanStarts,
): RecoveryTimes {
  const sinceKill = (ms: number | null | undefined) =>
    recovery === undefined || ms === null || ms === undefined
      ? null
      : round(recovery.diedAtMs + ms - kill.atMs);
  const inLedger = orphanStarts(kill.worker);
  const heldNothing =
    inLedger === null && recovery?.state === 'done' && Object.keys(recovery.orphans).length === 0;
  return {
    worker: kill.worker,
    cause: recovery?.certificate.cause ?? null,
    detectMs: sinceKill(recovery?.detectMs),
    reclaimMs: sinceKill(recovery?.reclaimMs),
    lastOrphanMs: heldNothing
      ? 0
      : (sinceKill(recovery?.lastOrphanMs) ?? (inLedger === null ? null : round(inLedger - kill.atMs))),
  };
}
