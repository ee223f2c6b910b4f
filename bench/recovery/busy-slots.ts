import type { Ended } from './book.ts';
import type { Orphan } from './orphans.ts';

/** What each worker ran. */
function byWorker(ended: readonly Ended[]): Map<string, Ended[]> {
  const workers = new Map<string, Ended[]>();
  for (const entry of ended) {
    const ran = workers.get(entry.worker);
    if (ran) ran.push(entry);
    else workers.set(entry.worker, [entry]);
  }
  return workers;
}

/** When a worker had each of its slots free for the first time since `sinceMs`, and each time that it had one again. */
function freedBy(ran: readonly Ended[], slots: number, sinceMs: number): number[] {
  const joinedMs = ran.reduce((least, { takenMs }) => Math.min(least, takenMs), Number.POSITIVE_INFINITY);
  const fromMs = Math.max(sinceMs, joinedMs);
  const later = ran.filter(({ doneMs }) => doneMs > fromMs).map(({ doneMs }) => doneMs);
  // It is gone: it ran nothing any more.
  if (later.length === 0) return [];
  // A slot whose next job the store had handed out before was never free for an orphan, though that job starts later.
  const busy = ran.filter(({ takenMs, doneMs }) => takenMs < fromMs && doneMs > fromMs).length;
  return [...new Array<number>(Math.max(0, slots - busy)).fill(fromMs), ...later];
}

/**
 * With all capacity busy: from the moment at which a slot of any surviving worker was free for an orphan of `victim`
 * to the orphan's start, in ms. A slot is free from the end of the handler in it: the finish of that job in the store,
 * its fsync included, is inside. The n-th orphan to start has a claim to the n-th slot that is free since the orphans
 * came back, so one that another job overtakes is charged with it.
 */
export function busySlotMs(
  ended: readonly Ended[],
  { victim, orphans }: { readonly victim: string; readonly orphans: readonly Orphan[] },
  slots: number,
): number[] {
  const sinceMs = Math.min(...orphans.map(({ returnedMs }) => returnedMs));
  const freed = [...byWorker(ended)]
    .flatMap(([worker, ran]) => (worker === victim ? [] : freedBy(ran, slots, sinceMs)))
    .sort((a, b) => a - b);
  return orphans
    .toSorted((a, b) => a.startedMs - b.startedMs)
    .map(({ returnedMs, startedMs }, n) =>
      Math.max(0, startedMs - Math.max(returnedMs, freed[n] ?? returnedMs)),
    );
}

/** The same for every job: from a handler's end in a full worker to the start of the next one there, in ms. */
export function slotTurnMs(ended: readonly Ended[], slots: number): number[] {
  return [...byWorker(ended).values()].flatMap((ran) => {
    const starts = ran.map(({ startedMs }) => startedMs).sort((a, b) => a - b);
    const ends = ran.map(({ doneMs }) => doneMs).sort((a, b) => a - b);
    return starts.slice(slots).map((startMs, i) => Math.max(0, startMs - (ends[i] as number)));
  });
}
