import type { BeatSample, PodStatus, WorkerStatus } from '@millrace/core';
import { BEATS_BEFORE_DEATH_MS, type Beat, type Hello, type PodBeat } from '@millrace/supervision';

type WorkerHello = Extract<Hello, { kind: 'worker' }>;
type PodHello = Extract<Hello, { kind: 'pod' }>;

/** Dead workers are shown this long. */
const SHOW_DEAD_MS = 10_000;
/** Beats kept of one worker, however often it beats. */
const MAX_BEATS = 100;

/** What hellos and beats tell of everyone. Facts only: who lives is judged elsewhere. Times are ms since 1970. */
export interface Roster {
  workerHello(hello: WorkerHello, nowMs: number): void;
  podHello(hello: PodHello, nowMs: number): void;
  beat(id: string, beat: Beat, nowMs: number): void;
  podBeat(id: string, beat: PodBeat): void;
  /** Its resident size as its parent sees it. */
  rss(id: string, bytes: number): void;
  /** Its latest beats, oldest first, timed as they came, and the highest resident size that anybody saw. */
  history(id: string): { readonly beats: readonly BeatSample[]; readonly peakRssBytes: number | null };
  worker(id: string): WorkerStatus | undefined;
  pod(id: string): PodStatus | undefined;
  /** Whether every process of that pod that is known to live has said what it does. */
  isHeard(pod: string): boolean;
  /** Every queue it ever said it serves; empty for a stranger. */
  queuesOf(id: string): readonly string[];
  /** It is dead; shown as such for a while. */
  died(id: string, nowMs: number): void;
  podGone(id: string): void;
  /** All workers, in order of pod and slot; `stateOf` has the last word on their state. */
  workers(nowMs: number, stateOf: (id: string) => WorkerStatus['state'] | null): readonly WorkerStatus[];
  pods(): readonly PodStatus[];
}

interface Entry {
  status: WorkerStatus;
  readonly queues: Set<string>;
  diedMs: number | null;
  beats: readonly BeatSample[];
  peakRssBytes: number | null;
}

/** What a beat adds to the history. The worker's own clock has no say in when it came. */
function remember(
  entry: Entry,
  { busy, loopDelayMs, cpuMs, rssBytes, heapBytes }: Beat,
  nowMs: number,
): void {
  const recent = entry.beats.slice(1 - MAX_BEATS).filter(({ atMs }) => nowMs - atMs <= BEATS_BEFORE_DEATH_MS);
  entry.beats = [...recent, { atMs: nowMs, busy, loopDelayMs, cpuMs, rssBytes, heapBytes }];
  grow(entry, rssBytes);
}

function grow(entry: Entry, rssBytes: number): void {
  entry.peakRssBytes = Math.max(entry.peakRssBytes ?? 0, rssBytes);
}

/** A hello says nothing of what it does: that stays as it was known until the next beat. */
function firstStatus(hello: WorkerHello, busy: number, nowMs: number): WorkerStatus {
  const { id, pod, slot, pid, host, queues, concurrency, standby, startedAtMs } = hello;
  return {
    ...{ id, pod, slot, pid, host, queues, concurrency, startedAtMs },
    state: standby ? 'standby' : 'running',
    busy,
    lastBeatMs: nowMs,
    loopDelayMs: 0,
    cpuMs: 0,
    rssBytes: 0,
    heapBytes: 0,
  };
}

/** An empty roster. */
export function createRoster(): Roster {
  const workers = new Map<string, Entry>();
  const pods = new Map<string, PodStatus>();
  /** By pod, the processes that lived when it said hello. */
  const children = new Map<string, Set<string>>();

  return {
    workerHello(hello, nowMs) {
      const known = workers.get(hello.id);
      const queues = new Set([...(known?.queues ?? []), ...hello.queues]);
      const { diedMs = null, beats = [], peakRssBytes = null } = known ?? {};
      const status = firstStatus(hello, known?.status.busy ?? 0, nowMs);
      workers.set(hello.id, { status, queues, diedMs, beats, peakRssBytes });
    },
    podHello({ id, pool, pid, host, startedAtMs, children: own }, _nowMs) {
      children.set(id, new Set(own));
      const restarts = pods.get(id)?.restarts ?? { used: 0, intensity: 0, periodMs: 0 };
      pods.set(id, { id, pool, pid, host, state: 'running', startedAtMs, restarts });
    },
    beat(id, beat, nowMs) {
      const entry = workers.get(id);
      if (!entry) return;
      const { state, slot, queues, concurrency, busy, loopDelayMs, cpuMs, rssBytes, heapBytes } = beat;
      for (const queue of queues) entry.queues.add(queue);
      remember(entry, beat, nowMs);
      entry.status = {
        ...entry.status,
        ...{ state, slot, queues, concurrency, busy, loopDelayMs, cpuMs, rssBytes, heapBytes },
        lastBeatMs: nowMs,
      };
    },
    podBeat(id, { state, restartsUsed, intensity, periodMs }) {
      const pod = pods.get(id);
      if (pod) pods.set(id, { ...pod, state, restarts: { used: restartsUsed, intensity, periodMs } });
    },
    rss(id, bytes) {
      const entry = workers.get(id);
      if (entry) grow(entry, bytes);
    },
    history(id) {
      const { beats = [], peakRssBytes = null } = workers.get(id) ?? {};
      return { beats, peakRssBytes };
    },
    worker: (id) => workers.get(id)?.status,
    pod: (id) => pods.get(id),
    isHeard(pod) {
      const linked = [...workers.values()].filter(
        ({ status, diedMs }) => status.pod === pod && diedMs === null,
      );
      const silent = [...(children.get(pod) ?? [])].filter((id) => !workers.has(id));
      return silent.length === 0 && linked.every(({ beats }) => beats.length > 0);
    },
    queuesOf: (id) => [...(workers.get(id)?.queues ?? [])],
    died(id, nowMs) {
      const entry = workers.get(id);
      if (entry) entry.diedMs ??= nowMs;
      for (const own of children.values()) own.delete(id);
    },
    podGone(id) {
      pods.delete(id);
      children.delete(id);
    },
    workers(nowMs, stateOf) {
      for (const [id, { diedMs }] of workers) {
        if (diedMs !== null && nowMs - diedMs > SHOW_DEAD_MS) workers.delete(id);
      }
      return [...workers.values()]
        .map(({ status }) => ({ ...status, state: stateOf(status.id) ?? status.state }))
        .sort((a, b) => a.pod.localeCompare(b.pod) || (a.slot ?? 1e9) - (b.slot ?? 1e9));
    },
    pods: () => [...pods.values()],
  };
}
