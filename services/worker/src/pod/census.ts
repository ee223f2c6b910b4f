import type { ProcessActivity } from '../ipc.ts';
import { consumes, owedSince, type Proofs, proveAll } from './liveness.ts';
import { NO_TOTALS, type Totals, totalsOf } from './totals.ts';

/** What the pod knows of its children's work: the source of its liveness and its metrics. */
export interface Census {
  activated(id: string, slot: number, nowMs: number): void;
  heard(id: string, activity: ProcessActivity, nowMs: number): void;
  /** Its counters stay in the totals; the rest is forgotten. */
  left(id: string): void;
  /** Ids of active processes that are alive and consume nothing. */
  notConsuming(nowMs: number): readonly string[];
  /** Counted since the pod's start, dead children included. */
  totals(): Totals;
  /** How long ago each active process was last known to consume each queue, ms. */
  ages(nowMs: number): readonly { readonly slot: number; readonly queue: string; readonly ageMs: number }[];
  active(): readonly { readonly id: string; readonly slot: number; readonly activity: ProcessActivity }[];
}

interface Entry {
  slot: number | null;
  activity: ProcessActivity | null;
  proofs: Proofs;
}

export function createCensus(): Census {
  const entries = new Map<string, Entry>();
  let departed = NO_TOTALS;
  const entryOf = (id: string): Entry => {
    const entry = entries.get(id) ?? { slot: null, activity: null, proofs: new Map() };
    entries.set(id, entry);
    return entry;
  };
  return {
    activated(id, slot, nowMs) {
      Object.assign(entryOf(id), { slot, proofs: owedSince(nowMs) });
    },
    heard(id, activity, nowMs) {
      const entry = entryOf(id);
      entry.activity = activity;
      if (entry.slot !== null) entry.proofs = proveAll(entry.proofs, activity.queues, nowMs);
    },
    left(id) {
      const last = entries.get(id)?.activity ?? null;
      if (last !== null) departed = totalsOf(departed, [last]);
      entries.delete(id);
    },
    notConsuming: (nowMs) =>
      [...entries].filter(([, { proofs }]) => !consumes(proofs, nowMs)).map(([id]) => id),
    totals: () =>
      totalsOf(
        departed,
        [...entries.values()].flatMap(({ activity }) => activity ?? []),
      ),
    ages: (nowMs) =>
      [...entries.values()].flatMap(({ slot, proofs }) =>
        slot === null
          ? []
          : [...proofs]
              .filter(([queue]) => queue !== '')
              .map(([queue, { atMs }]) => ({ slot, queue, ageMs: nowMs - atMs })),
      ),
    active: () =>
      [...entries].flatMap(([id, { slot, activity }]) =>
        slot === null || activity === null ? [] : [{ id, slot, activity }],
      ),
  };
}
