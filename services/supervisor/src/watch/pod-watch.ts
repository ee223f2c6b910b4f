/** Which linked pods still beat. Time is an argument. */
export interface PodWatch {
  heard(pod: string, nowMs: number): void;
  /** Its link closed or it ended: that is for others to judge. */
  gone(pod: string): void;
  /** Pods silent for the limit, each told once. To be called often: a long gap means that we stood still. */
  hung(nowMs: number): readonly string[];
}

/** A pod that is linked and silent for `limitMs` is hung: it would neither report a child's end nor replace it. */
export function createPodWatch(limitMs: number): PodWatch {
  const lastHeard = new Map<string, number>();
  let askedMs: number | null = null;
  return {
    heard: (pod, nowMs) => void lastHeard.set(pod, nowMs),
    gone: (pod) => void lastHeard.delete(pod),
    hung(nowMs) {
      const stoodStill = askedMs !== null && nowMs - askedMs > limitMs / 4;
      askedMs = nowMs;
      if (stoodStill) for (const pod of lastHeard.keys()) lastHeard.set(pod, nowMs);
      const hung = [...lastHeard].filter(([, atMs]) => nowMs - atMs >= limitMs).map(([pod]) => pod);
      for (const pod of hung) lastHeard.delete(pod);
      return hung;
    },
  };
}
