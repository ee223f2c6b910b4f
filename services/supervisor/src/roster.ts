import type { PodStatus, WorkerStatus } from '@millrace/core';
import type { Beat, Hello, PodBeat } from '@millrace/supervision';

type WorkerHello = Extract<Hello, { kind: 'worker' }>;
type PodHello = Extract<Hello, { kind: 'pod' }>;

/** Dead workers are shown this long. */
const SHOW_DEAD_MS = 10_000;

/** What hellos and beats tell of everyone. Facts only: who lives is judged elsewhere. Times are ms since 1970. */
export interface Roster {
  workerHello(hello: WorkerHello, nowMs: number): void;
  podHello(hello: PodHello, nowMs: number): void;
  beat(id: string, beat: Beat, nowMs: number): void;
  podBeat(id: string, beat: PodBeat): void;
  worker(id: string): WorkerStatus | undefined;
  pod(id: string): PodStatus | undefined;
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
}

function firstStatus(hello: WorkerHello, nowMs: number): WorkerStatus {
  const { id, pod, slot, pid, host, queues, concurrency, standby, startedAtMs } = hello;
  return {
    ...{ id, pod, slot, pid, host, queues, concurrency, startedAtMs },
    state: standby ? 'standby' : 'running',
    busy: 0,
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

  return {
    workerHello(hello, nowMs) {
      const known = workers.get(hello.id);
      const queues = new Set([...(known?.queues ?? []), ...hello.queues]);
      workers.set(hello.id, { status: firstStatus(hello, nowMs), queues, diedMs: known?.diedMs ?? null });
    },
    podHello({ id, pool, pid, host, startedAtMs }, _nowMs) {
      const restarts = pods.get(id)?.restarts ?? { used: 0, intensity: 0, periodMs: 0 };
      pods.set(id, { id, pool, pid, host, state: 'running', startedAtMs, restarts });
    },
    beat(id, beat, nowMs) {
      const entry = workers.get(id);
      if (!entry) return;
      const { state, slot, queues, concurrency, busy, loopDelayMs, cpuMs, rssBytes, heapBytes } = beat;
      for (const queue of queues) entry.queues.add(queue);
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
    worker: (id) => workers.get(id)?.status,
    pod: (id) => pods.get(id),
    queuesOf: (id) => [...(workers.get(id)?.queues ?? [])],
    died(id, nowMs) {
      const entry = workers.get(id);
      if (entry) entry.diedMs ??= nowMs;
    },
    podGone(id) {
      pods.delete(id);
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
