import type { DeathCertificate, Recovery } from '@millrace/core';

/** Ms from the death to `atMs`, to the hundredth. */
export function sinceDeath(recovery: Pick<Recovery, 'diedAtMs'>, atMs: number): number {
  return Math.round(Math.max(0, atMs - recovery.diedAtMs) * 100) / 100;
}

/** The record of a recovery that has just begun. */
export function beginRecovery(certificate: DeathCertificate): Recovery {
  const { diedAtMs, certifiedAtMs } = certificate;
  return {
    id: certificate.worker,
    certificate,
    diedAtMs,
    detectMs: sinceDeath({ diedAtMs }, certifiedAtMs),
    fenceMs: null,
    reclaimMs: null,
    respawnMs: null,
    firstOrphanMs: null,
    lastOrphanMs: null,
    orphans: {},
    state: 'running',
  };
}

/** What an earlier supervisor had already given back, and what we did: every orphan once. */
export function mergeOrphans(
  known: Recovery['orphans'],
  reclaimed: ReadonlyMap<string, readonly string[]>,
): Recovery['orphans'] {
  const merged: Record<string, readonly string[]> = { ...known };
  for (const [queue, ids] of reclaimed) {
    const all = [...new Set([...(known[queue] ?? []), ...ids])];
    if (all.length > 0) merged[queue] = all;
  }
  return merged;
}

/** How many orphans a recovery has, over all queues. */
export function orphanCount({ orphans }: Pick<Recovery, 'orphans'>): number {
  return Object.values(orphans).reduce((sum, ids) => sum + ids.length, 0);
}

/**
 * The end of a recovery: when the first and the last orphan ran again (`seenMs`, ms since 1970). The last is
 * null unless every one was seen.
 */
export function endRecovery(recovery: Recovery, seenMs: readonly number[]): Recovery {
  const all = orphanCount(recovery);
  return {
    ...recovery,
    firstOrphanMs: seenMs.length === 0 ? null : sinceDeath(recovery, Math.min(...seenMs)),
    lastOrphanMs: all === 0 || seenMs.length < all ? null : sinceDeath(recovery, Math.max(...seenMs)),
    state: 'done',
  };
}
