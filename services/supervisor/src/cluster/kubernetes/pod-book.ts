import { parseTimeMs } from '@millrace/core';
import type { ClusterEvent, Pod } from '../cluster.ts';
import type { LinkedPod } from '../pod-controllers.ts';
import { type PodObject, poolOf, type TerminatedState, workerContainer } from './objects.ts';

/** Ends of one pod's containers that are remembered, and pods that are remembered beyond their objects. */
const ENDS_KEPT = 8;
/** Hellos that are remembered of pods whose objects we have not seen. */
const STRANGERS_KEPT = 1_000;

/** One container's end, as its kubelet reported it. Times are ms since 1970, cut to the second as the API has them. */
interface ContainerEnd {
  readonly container: string;
  readonly startedMs: number;
  readonly finishedMs: number;
  readonly exit: Omit<Extract<ClusterEvent, { type: 'pod-exited' }>, 'type' | 'id'>;
}

interface Entry {
  object: PodObject;
  readonly ends: ContainerEnd[];
  /** Who said hello from it and has not ended, by our id. */
  readonly lives: Map<string, LinkedPod>;
}

/** Which of our starts live in which of the cluster's pods. */
export interface PodBook {
  /** The server's word on a pod; `isWeather` tells whether an end at that time may be nobody's fault. */
  seen(object: PodObject, isWeather: (atMs: number) => boolean): readonly ClusterEvent[];
  /** Its object is gone. */
  gone(object: PodObject, isWeather: (atMs: number) => boolean): readonly ClusterEvent[];
  introduce(pod: LinkedPod): readonly ClusterEvent[];
  pods(): readonly Pod[];
  /** The pod's object by our id. */
  objectOf(id: string): PodObject | undefined;
  objects(): readonly PodObject[];
  /** Our ids of those that live in that pod, in the order of their hellos. */
  livesOf(uid: string): readonly string[];
  /** Who said hello from a pod that we have not seen. */
  strangers(): readonly LinkedPod[];
}

const SIGNALS: Readonly<Record<number, string>> = {
  6: 'SIGABRT',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  15: 'SIGTERM',
};

/** A runtime tells a signal as 128 + its number. */
function exitOf({ exitCode, signal }: TerminatedState): { code: number | null; signal: string | null } {
  const number = signal || (exitCode > 128 ? exitCode - 128 : 0);
  const name = SIGNALS[number];
  return name === undefined ? { code: exitCode, signal: null } : { code: null, signal: name };
}

/** Somebody wanted the end of that pod: deletion, eviction, preemption, a drain, the node's shutdown. */
export function isEndAskedFor({ metadata, status }: PodObject): boolean {
  if (metadata.deletionTimestamp !== undefined || status?.reason === 'Evicted') return true;
  return (status?.conditions ?? []).some(
    ({ type, status: holds }) => type === 'DisruptionTarget' && holds === 'True',
  );
}

function endOf(
  object: PodObject,
  state: TerminatedState,
  isWeather: (atMs: number) => boolean,
): ContainerEnd | null {
  const finishedMs = parseTimeMs(state.finishedAt ?? '');
  const { containerID: container } = state;
  if (container === undefined || finishedMs === null) return null;
  const { code, signal } = exitOf(state);
  const { reason = 'Error' } = state;
  const how = signal ?? `exit code ${code}`;
  return {
    container,
    startedMs: parseTimeMs(state.startedAt ?? '') ?? finishedMs,
    finishedMs,
    exit: {
      ...{ code, signal, atMs: finishedMs },
      expected: isEndAskedFor(object) || isWeather(finishedMs),
      detail: `${reason}, ${how}: container of pod ${object.metadata.name}, said its kubelet`,
      outOfMemory: reason === 'OOMKilled',
    },
  };
}

/** The ends in an object, oldest first. */
function endsOf(object: PodObject, isWeather: (atMs: number) => boolean): ContainerEnd[] {
  const container = workerContainer(object);
  return [container?.lastState?.terminated, container?.state?.terminated]
    .flatMap((state) => (state ? [endOf(object, state, isWeather)] : []))
    .filter((end) => end !== null);
}

/**
 * Whether it was that container in which a process started. One pod has one worker container at a time, and the clock of
 * the process is its kubelet's: whoever started in it did so after its start, and before its end, which the API rounds
 * down: the successor can only have started later. One that lived for less than a second is left to the links.
 */
export function ranIn(
  { startedMs, finishedMs }: Pick<ContainerEnd, 'startedMs' | 'finishedMs'>,
  atMs: number,
) {
  return startedMs <= atMs && atMs < finishedMs;
}

const podOf = ({ id, pool, pid, startedAtMs }: LinkedPod): Pod => ({ id, pool, pid, startedAtMs });

/** See {@link PodBook}. A pure book: what is to be told comes back from each call. */
export function createPodBook(): PodBook {
  const entries = new Map<string, Entry>();
  /** Hellos that were faster than the watch, by uid. */
  const strangers = new Map<string, Map<string, LinkedPod>>();

  function exited(entry: Entry, end: ContainerEnd, isOld: boolean): ClusterEvent[] {
    const dead = [...entry.lives.values()].filter(({ startedAtMs }) => ranIn(end, startedAtMs));
    for (const { id } of dead) entry.lives.delete(id);
    const pool = poolOf(entry.object);
    if (dead.length === 0 && !isOld && pool !== undefined) return unheard(entry.object, pool, end);
    return dead.map(({ id }): ClusterEvent => ({ type: 'pod-exited', id, ...end.exit }));
  }

  /** It ended before it ever said hello to us: its pool is to know all the same. */
  function unheard({ metadata }: PodObject, pool: string, end: ContainerEnd): ClusterEvent[] {
    const id = `${metadata.name}/${end.container.slice(-12)}`;
    return [
      { type: 'pod-started', id, pool, pid: 0, startedAtMs: end.startedMs },
      { type: 'pod-exited', id, ...end.exit },
    ];
  }

  function learnEnds(entry: Entry, found: readonly ContainerEnd[], isOld: boolean): ClusterEvent[] {
    const news = found.filter(({ container }) => !entry.ends.some((end) => end.container === container));
    entry.ends.push(...news);
    entry.ends.splice(0, entry.ends.length - ENDS_KEPT);
    return news.flatMap((end) => exited(entry, end, isOld));
  }

  function join(entry: Entry, pod: LinkedPod): ClusterEvent[] {
    const known = entry.lives.get(pod.id);
    const end = entry.ends.find((each) => ranIn(each, pod.startedAtMs));
    if (end) {
      entry.lives.delete(pod.id);
      return [{ type: 'pod-exited', id: pod.id, ...end.exit }];
    }
    entry.lives.set(pod.id, pod);
    return known ? [] : [{ type: 'pod-started', ...podOf(pod) }];
  }

  function seen(object: PodObject, isWeather: (atMs: number) => boolean): ClusterEvent[] {
    const { uid } = object.metadata;
    const known = entries.get(uid);
    const entry: Entry = known ?? { object, ends: [], lives: new Map() };
    entry.object = object;
    entries.set(uid, entry);
    const told = learnEnds(entry, endsOf(object, isWeather), known === undefined);
    const waiting = strangers.get(uid);
    strangers.delete(uid);
    return [...told, ...[...(waiting?.values() ?? [])].flatMap((pod) => join(entry, pod))];
  }

  return {
    seen,
    gone(object, isWeather) {
      const { uid } = object.metadata;
      // Its last state may tell of an end; that it is gone tells of none.
      const told = entries.has(uid) ? seen(object, isWeather) : [];
      const left = [...(entries.get(uid)?.lives.keys() ?? [])];
      entries.delete(uid);
      return [...told, ...left.map((id): ClusterEvent => ({ type: 'pod-left', id }))];
    },
    introduce(pod) {
      if (pod.k8s === null) return [];
      const { uid } = pod.k8s;
      const entry = entries.get(uid);
      if (entry) return join(entry, pod);
      const waiting = strangers.get(uid) ?? new Map<string, LinkedPod>();
      strangers.set(uid, waiting.set(pod.id, pod));
      const [oldest] = strangers.keys();
      if (strangers.size > STRANGERS_KEPT && oldest !== undefined) strangers.delete(oldest);
      return [];
    },
    pods: () => [...entries.values()].flatMap(({ lives }) => [...lives.values()].map(podOf)),
    objectOf: (id) => [...entries.values()].find(({ lives }) => lives.has(id))?.object,
    objects: () => [...entries.values()].map(({ object }) => object),
    livesOf: (uid) => [...(entries.get(uid)?.lives.keys() ?? [])],
    strangers: () => [...strangers.values()].flatMap((waiting) => [...waiting.values()]),
  };
}
