import type { Ended } from './book.ts';
import type { Orphan } from './orphans.ts';

interface Step {
  readonly atMs: number;
  readonly by: 1 | -1;
}

/** When each worker was last full before a moment, by what it ran. */
function freeSince(steps: readonly Step[], slots: number, atMs: number): number | null {
  let [busy, since] = [0, null as number | null];
  for (const step of steps) {
    if (step.atMs >= atMs) break;
    if (busy >= slots && step.by === -1) since = step.atMs;
    busy += step.by;
    // Idle from its beginning: it was free when it took its first job.
    since ??= step.atMs;
  }
  return since;
}

/**
 * With all capacity busy: from the moment at which a slot was free for it to the orphan's start, in ms. A slot is
 * free for an orphan once the worker that started it was not full any more and the orphan was back in the queue.
 */
export function busySlotMs(ended: readonly Ended[], orphans: readonly Orphan[], slots: number): number[] {
  const workers = new Set(orphans.map(({ worker }) => worker));
  const stepsOf = new Map<string, Step[]>([...workers].map((worker) => [worker, []]));
  for (const { worker, startedMs, doneMs } of ended) {
    stepsOf.get(worker)?.push({ atMs: startedMs, by: 1 }, { atMs: doneMs, by: -1 });
  }
  for (const steps of stepsOf.values()) steps.sort((a, b) => a.atMs - b.atMs || a.by - b.by);
  return orphans.map(({ worker, returnedMs, startedMs }) => {
    const since = freeSince(stepsOf.get(worker) ?? [], slots, startedMs);
    return Math.max(0, startedMs - Math.max(returnedMs, since ?? startedMs));
  });
}
