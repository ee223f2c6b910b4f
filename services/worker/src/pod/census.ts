import { noOutcomes, OUTCOME_KINDS, type OutcomeKind, type ProcessActivity } from '../ipc.ts';
import { createJobDurations, type QueueDurations } from '../telemetry/job-durations.ts';
import { consumes, owedSince, type Proofs, proveAll } from './liveness.ts';

type Ended = Record<OutcomeKind, number>;

/** What the pod knows of its children's work: the source of its liveness and its metrics. */
export interface Census {
  activated(id: string, slot: number, nowMs: number): void;
  heard(id: string, activity: ProcessActivity, nowMs: number): void;
  /** Its counters stay in the totals; the rest is forgotten. */
  left(id: string): void;
  /** Ids of active processes that are alive and consume nothing. */
  notConsuming(nowMs: number): readonly string[];
  /** Jobs ended since the pod's start, by queue and outcome, dead children included. */
  ended(): ReadonlyMap<string, Readonly<Ended>>;
  /** Durations of attempts since the pod's start, by queue, dead children included. */
  durations(): ReadonlyMap<string, QueueDurations>;
  active(): readonly { readonly id: string; readonly slot: number; readonly activity: ProcessActivity }[];
}

interface Entry {
  slot: number | null;
  activity: ProcessActivity | null;
  proofs: Proofs;
}

function addEnded(totals: Map<string, Ended>, activity: ProcessActivity | null): void {
  for (const { queue, ended } of activity?.queues ?? []) {
    const total = totals.get(queue) ?? noOutcomes();
    for (const kind of OUTCOME_KINDS) total[kind] += ended[kind];
    totals.set(queue, total);
  }
}

type Durations = Map<string, ReturnType<typeof createJobDurations>>;

function addDurations(totals: Durations, activity: ProcessActivity | null): void {
  for (const { queue, durations } of activity?.queues ?? []) {
    const total = totals.get(queue) ?? createJobDurations();
    total.add(durations);
    totals.set(queue, total);
  }
}

export function createCensus(): Census {
  const entries = new Map<string, Entry>();
  const departed = new Map<string, Ended>();
  const departedDurations: Durations = new Map();
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
      addEnded(departed, last);
      addDurations(departedDurations, last);
      entries.delete(id);
    },
    notConsuming: (nowMs) =>
      [...entries].filter(([, { proofs }]) => !consumes(proofs, nowMs)).map(([id]) => id),
    ended() {
      const totals = new Map([...departed].map(([queue, ended]) => [queue, { ...ended }]));
      for (const { activity } of entries.values()) addEnded(totals, activity);
      return totals;
    },
    durations() {
      const totals: Durations = new Map();
      for (const [queue, durations] of departedDurations) {
        const total = createJobDurations();
        total.add(durations.counts());
        totals.set(queue, total);
      }
      for (const { activity } of entries.values()) addDurations(totals, activity);
      return new Map([...totals].map(([queue, total]) => [queue, total.counts()]));
    },
    active: () =>
      [...entries].flatMap(([id, { slot, activity }]) =>
        slot === null || activity === null ? [] : [{ id, slot, activity }],
      ),
  };
}
