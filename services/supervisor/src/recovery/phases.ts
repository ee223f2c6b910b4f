import { type Clock, isMillraceError, type Recovery } from '@millrace/core';
import type { DeadStart, QueueSupervision, ReclaimResult } from '@millrace/queue';
import { nowMs } from '../now.ts';
import type { UntilDone } from '../until-done.ts';
import { mergeOrphans, sinceDeath } from './record.ts';

/** Orphans that nobody restarts for so long are left to their queue: it may be paused, or without workers. */
const RESTART_WATCH_MS = 600_000;
/** What the store says when it moved nothing. */
const NOWHERE = '0-0';

export interface PhaseDependencies {
  readonly supervision: Pick<QueueSupervision, 'fence' | 'reclaim' | 'restarts'>;
  readonly untilDone: UntilDone;
  readonly clock: Clock;
}

/** What a reclaim came to: the record so far, how many jobs it moved, and where each queue's events stood before. */
export interface Reclaimed {
  readonly recovery: Recovery;
  readonly orphans: number;
  readonly eventsAfter: ReadonlyMap<string, string>;
}

/**
 * Fences the dead start in every queue and gives its jobs back. Both at once, on one connection: the fence goes first,
 * and a reclaim of a start that is not fenced is refused by the store, so a fence that did not get through only makes
 * both be tried again; one that the store took and lost is put up anew. Every replica may do it: each is told of all
 * orphans, whoever moved them.
 */
export async function fenceAndReclaim(
  begun: Recovery,
  queues: readonly string[],
  { supervision, untilDone, clock }: PhaseDependencies,
): Promise<Reclaimed> {
  const { id, certificate } = begun;
  const dead = { startId: id, certificate };
  const fences = queues.map((queue) => untilDone('fence', () => supervision.fence(queue, id)));
  const fencedMs = Promise.all(fences).then(() => sinceDeath(begun, nowMs(clock)));
  const [fenced, ...reclaimed] = await Promise.all([
    fencedMs,
    ...queues.map(async (queue) => {
      const result = await untilDone('reclaim', () => reclaimFenced(supervision, queue, dead));
      return [queue, result] as const;
    }),
  ]);
  const ids = new Map(reclaimed.map(([queue, { jobIds }]) => [queue, jobIds]));
  const recovery = {
    ...begun,
    // Who finishes another's recovery came after its phases were over.
    fenceMs: begun.fenceMs ?? fenced,
    reclaimMs: begun.reclaimMs ?? sinceDeath(begun, nowMs(clock)),
    orphans: mergeOrphans(begun.orphans, ids),
  };
  return {
    recovery,
    orphans: [...ids.values()].reduce((sum, list) => sum + list.length, 0),
    eventsAfter: new Map(reclaimed.map(([queue, { eventsAfter }]) => [queue, eventsAfter])),
  };
}

/** A store that came back without its last writes may have lost the fence, which is asked for once: it is put up again. */
async function reclaimFenced(
  supervision: PhaseDependencies['supervision'],
  queue: string,
  dead: DeadStart,
): Promise<ReclaimResult> {
  try {
    return await supervision.reclaim(queue, dead);
  } catch (error) {
    if (!isMillraceError(error, 'wrong_state')) throw error;
    await supervision.fence(queue, dead.startId);
    return supervision.reclaim(queue, dead);
  }
}

/**
 * When each orphan was seen starting again, ms since 1970: by queue, by job id. Resolves with what was seen when `signal`
 * aborts.
 */
export async function watchRestarts(
  recovery: Recovery,
  eventsAfter: ReadonlyMap<string, string>,
  { supervision, untilDone, clock }: PhaseDependencies,
  signal: AbortSignal,
): Promise<Map<string, Map<string, number>>> {
  const limit = new AbortController();
  const timer = clock.after(RESTART_WATCH_MS, () => limit.abort());
  const until = AbortSignal.any([limit.signal, signal]);
  // Of orphans that the store no longer remembers only the record knows: all since the death is looked at.
  const sinceDeathId = `${Math.floor(recovery.diedAtMs)}-0`;
  try {
    const seen = await Promise.all(
      Object.entries(recovery.orphans).map(async ([queue, ids]) => {
        const known = eventsAfter.get(queue) ?? NOWHERE;
        const after = known === NOWHERE ? sinceDeathId : known;
        const times = await untilDone('restarts', () => supervision.restarts(queue, ids, after, until));
        return [queue, times] as const;
      }),
    );
    return new Map(seen);
  } finally {
    timer.cancel();
  }
}
