/** Offsets that are remembered of each pod: the least of them was on its way for the shortest time. */
const REMEMBERED = 4;

/**
 * What a pod's wall clock shows, in our time: every beat of it carries both. A clock that is off, or jumps, only makes the
 * moments in its words wrong for as many beats; who lives is never judged by it.
 */
export interface PodClocks {
  /** A beat that was sent at `theirsMs` came at `oursMs`. */
  heard(pod: string, theirsMs: number, oursMs: number): void;
  /** A moment of that pod's clock by ours; one of a pod that never beat as it is. */
  toOurs(pod: string, theirsMs: number): number;
  gone(pod: string): void;
}

/** See {@link PodClocks}. Knows no pod yet. */
export function createPodClocks(): PodClocks {
  const offsets = new Map<string, readonly number[]>();
  return {
    heard(pod, theirsMs, oursMs) {
      offsets.set(pod, [...(offsets.get(pod) ?? []).slice(1 - REMEMBERED), oursMs - theirsMs]);
    },
    toOurs: (pod, theirsMs) => theirsMs + Math.min(...(offsets.get(pod) ?? [0])),
    gone: (pod) => void offsets.delete(pod),
  };
}
