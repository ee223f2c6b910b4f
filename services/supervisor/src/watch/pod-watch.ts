/** Which linked pods still beat. Time is an argument. */
export interface PodWatch {
  heard(pod: string, nowMs: number): void;
  /** Its link closed or it ended: that is for others to judge. */
  gone(pod: string): void;
  /** Pods that became hung, each told once a silence. To be called often: a long gap means that we stood still. */
  hung(nowMs: number): readonly string[];
  /** Pods that are hung as of the last time that was asked: one that has spoken since is not among them. */
  stillHung(): readonly string[];
}

/** A pod that is linked and silent for `limitMs` is hung: it would neither report a child's end nor replace it. */
export function createPodWatch(limitMs: number): PodWatch {
  const lastHeard = new Map<string, number>();
  const told = new Set<string>();
  let askedMs: number | null = null;
  return {
    heard(pod, nowMs) {
      told.delete(pod);
      lastHeard.set(pod, nowMs);
    },
    gone(pod) {
      told.delete(pod);
      lastHeard.delete(pod);
    },
    hung(nowMs) {
      const stoodStill = askedMs !== null && nowMs - askedMs > limitMs / 4;
      askedMs = nowMs;
      if (stoodStill) {
        for (const pod of lastHeard.keys()) lastHeard.set(pod, nowMs);
        told.clear();
      }
      const silent = [...lastHeard].filter(([, atMs]) => nowMs - atMs >= limitMs).map(([pod]) => pod);
      const hung = silent.filter((pod) => !told.has(pod));
      for (const pod of hung) told.add(pod);
      return hung;
    },
    stillHung: () => [...told],
  };
}
