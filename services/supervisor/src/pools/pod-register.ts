import type { PodStatus } from '@millrace/core';
import type { Pod, PodExit } from '../cluster/cluster.ts';
import type { PodEnd } from './pool-turn.ts';

/** Ends that are remembered for a takeover. */
const ENDS_KEPT = 1_000;

/** The pods as this replica heard of them, whether it leads or not: whoever takes over knows how they ended. */
export interface PodRegister {
  /**
   * Believes the cluster's list, which is true as of the moment it was asked for: what we heard since then is newer. An
   * end that we heard of before it is none of a pod in it: ids may be used again. Resolves with all pods that live.
   */
  learn(list: () => Promise<readonly Pod[]>): Promise<readonly Pod[]>;
  started(pod: Pod): void;
  /** Somebody wants the end of that pod, which has until `untilMs` (ms since 1970) for it. */
  asked(pod: string, untilMs: number): void;
  /** Returns what the end counts as. */
  exited(exit: PodExit, nowMs: number): PodEnd;
  /** Nobody knows of it any more. */
  left(pod: string): void;
  /** How that pod ended; null when we did not hear of an end. */
  endOf(pod: string): PodEnd | null;
  isAlive(pod: string): boolean;
  alive(): readonly Pod[];
  /** Pods as the cluster knows them; for each pool whose last pod fell one that is down. */
  statuses(restarts: (pool: string) => PodStatus['restarts'], nowMs: number): readonly PodStatus[];
}

/** `isWeather` tells whether an end of now may be the store's fault: it is made good and not counted. */
export function createPodRegister(isWeather: () => boolean): PodRegister {
  const alive = new Map<string, Pod>();
  const ends = new Map<string, PodEnd>();
  const askedUntilMs = new Map<string, number>();
  /** The last pod of each pool that ended unasked: what `down` stands for. */
  const fallen = new Map<string, Pod>();

  /** What each list that is awaited has missed: pods that started, null for one that ended. */
  const missed = new Set<Map<string, Pod | null>>();

  const isAsked = (pod: string, nowMs: number) => (askedUntilMs.get(pod) ?? 0) > nowMs;

  function endOfExit({ id, code, signal, expected }: PodExit, nowMs: number): PodEnd {
    if (expected || isAsked(id, nowMs) || isWeather()) return 'replaced';
    return code === 0 && signal === null ? 'normal' : 'abnormal';
  }

  function lives(pod: Pod): void {
    alive.set(pod.id, pod);
    ends.delete(pod.id);
  }

  return {
    async learn(list) {
      const news = new Map<string, Pod | null>();
      missed.add(news);
      const listed = await list().finally(() => missed.delete(news));
      alive.clear();
      for (const pod of listed) if (!news.has(pod.id)) lives(pod);
      for (const pod of news.values()) if (pod !== null) lives(pod);
      return [...alive.values()];
    },
    started({ id, pool, pid, startedAtMs }) {
      const pod = { id, pool, pid, startedAtMs };
      lives(pod);
      fallen.delete(pool);
      for (const news of missed) news.set(id, pod);
    },
    asked: (pod, untilMs) => void askedUntilMs.set(pod, untilMs),
    exited(exit, nowMs) {
      const end = endOfExit(exit, nowMs);
      const pod = alive.get(exit.id);
      alive.delete(exit.id);
      for (const news of missed) news.set(exit.id, null);
      askedUntilMs.delete(exit.id);
      ends.set(exit.id, end);
      for (const [oldest] of ends) if (ends.size > ENDS_KEPT) ends.delete(oldest);
      if (pod && end !== 'replaced') fallen.set(pod.pool, pod);
      return end;
    },
    left(pod) {
      alive.delete(pod);
      for (const news of missed) news.set(pod, null);
    },
    endOf: (pod) => ends.get(pod) ?? null,
    isAlive: (pod) => alive.has(pod),
    alive: () => [...alive.values()],
    statuses(restarts, nowMs) {
      const status = (pod: Pod, state: PodStatus['state']): PodStatus => ({
        ...{ ...pod, host: '', state },
        restarts: restarts(pod.pool),
      });
      return [
        ...[...alive.values()].map((pod) => status(pod, isAsked(pod.id, nowMs) ? 'draining' : 'starting')),
        ...[...fallen.values()].map((pod) => status(pod, 'down')),
      ];
    },
  };
}
