import { lossArea, meanLevel, type Passage, settledAt } from '@millrace/measure';
import type { Ended } from './book.ts';

/** One job that a fault took its worker from, and its next start. Times are ms since 1970, endless what never was. */
export interface Orphan {
  readonly job: string;
  /** When the store gave it back. */
  readonly returnedMs: number;
  /** When the store handed it out again, in whole ms. */
  readonly takenMs: number;
  readonly startedMs: number;
  /** The worker that started it. */
  readonly worker: string;
  /** End of that start, whatever it was. */
  readonly doneMs: number;
}

/** The orphans of each dead worker, from the ledger: entries of one job come in its order. */
export function orphansByWorker(ended: readonly Ended[]): Map<string, Orphan[]> {
  const waiting = new Map<string, Ended>();
  const orphans = new Map<string, Orphan[]>();
  for (const entry of ended) {
    const { job, takenMs, startedMs, doneMs, worker } = entry;
    const killed = waiting.get(job);
    if (killed) {
      waiting.delete(job);
      const found = orphans.get(killed.worker) ?? [];
      orphans.set(killed.worker, found);
      found.push({ job, returnedMs: killed.doneMs, takenMs, startedMs, worker, doneMs });
    }
    if (entry.outcome === 'killed') waiting.set(job, entry);
  }
  for (const { job, worker, doneMs } of waiting.values()) {
    orphans.set(worker, [...(orphans.get(worker) ?? []), endless(job, doneMs)]);
  }
  return orphans;
}

const endless = (job: string, returnedMs: number): Orphan => ({
  ...{ job, returnedMs, worker: '' },
  ...{ takenMs: Number.POSITIVE_INFINITY, startedMs: Number.POSITIVE_INFINITY },
  doneMs: Number.POSITIVE_INFINITY,
});

/**
 * Jobs that the dead worker held by the store's locks, and of which the ledger tells no end in its hands: whoever
 * gave them back, and when, was not seen. They count as endless.
 */
export function unseenOrphans(
  ended: readonly Ended[],
  {
    worker,
    atMs,
    held,
  }: { readonly worker: string; readonly atMs: number; readonly held: readonly string[] },
): Orphan[] {
  const told = new Set(ended.flatMap((entry) => (entry.worker === worker ? [entry.job] : [])));
  return held.filter((job) => !told.has(job)).map((job) => endless(job, atMs));
}

/** Starts of which the ledger tells no end, though it tells of a later start of the same job. */
export function unseenStarts(ended: readonly Ended[]): number {
  const last = new Map<string, number>();
  let unseen = 0;
  for (const { job, start } of ended) {
    const before = last.get(job) ?? 0;
    unseen += Math.max(0, start - before - 1);
    last.set(job, Math.max(before, start));
  }
  return unseen;
}

/** From the fault to the start of the last orphan, in ms; null when the worker held nothing. */
export function lastOrphanMs(faultMs: number, orphans: readonly Orphan[] = []): number | null {
  return orphans.length === 0 ? null : Math.max(...orphans.map(({ startedMs }) => startedMs)) - faultMs;
}

/** A part of a run: what happened in [fromMs, untilMs), the first `steadyMs` of it without a fault. */
export interface Part {
  readonly fromMs: number;
  readonly steadyUntilMs: number;
  readonly untilMs: number;
  /** Jobs offered per second. */
  readonly rate: number;
}

/**
 * The loss area of each fault in seconds of the offered load: job-seconds over what is normal, ÷ rate, from the fault
 * until the last orphan is done and no more jobs are overdue than before, at the latest until the next fault.
 */
export function lossAreas(
  part: Part,
  passages: readonly Passage[],
  faults: readonly { readonly atMs: number; readonly orphans: readonly Orphan[] }[],
): number[] {
  const inPart = passages.filter(
    ({ dueMs, doneMs }) => dueMs < part.untilMs && (doneMs ?? part.untilMs) > part.fromMs,
  );
  const steady = meanLevel(inPart, part.fromMs, part.steadyUntilMs);
  return faults.flatMap(({ atMs, orphans }, i) => {
    if (orphans.length === 0) return [];
    const limitMs = faults[i + 1]?.atMs ?? part.untilMs;
    const near = inPart.filter(({ dueMs, doneMs }) => dueMs < limitMs && (doneMs ?? limitMs) > atMs);
    const lastDoneMs = Math.max(...orphans.map(({ doneMs }) => doneMs));
    const untilMs = Math.min(limitMs, settledAt(near, lastDoneMs, steady) ?? limitMs);
    return [lossArea(near, { fromMs: atMs, untilMs, steady }) / part.rate];
  });
}
