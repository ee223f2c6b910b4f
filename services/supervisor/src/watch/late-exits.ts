import type { DeathCertificate } from '@millrace/core';
import { type ProcessExit, withLateExit } from '@millrace/supervision';

/** A kubelet tells within seconds; when the API server was away, some minutes later. */
const KEPT_MS = 600_000;
const KEPT = 5_000;

/** Deaths that were certified before their cluster told how their containers ended. Time is an argument, in ms. */
export interface LateExits {
  certified(certificate: DeathCertificate, nowMs: number): void;
  /** A child of that pod ran out of memory, and its parent said so. */
  childOutOfMemory(pod: string): void;
  /**
   * An end in the cluster's words as it may be believed: the container's reason lies when one of its processes ran out of
   * memory before (cgroup v1), so it proves nothing then.
   */
  believed(pod: string, exit: ProcessExit): ProcessExit;
  /** The certificates that this end adds to, as they are from now on. */
  amend(pod: string, exit: ProcessExit): readonly DeathCertificate[];
}

/** See {@link LateExits}. */
export function createLateExits(): LateExits {
  const byWorker = new Map<string, { readonly certificate: DeathCertificate; readonly atMs: number }>();
  const outOfMemory = new Set<string>();
  return {
    certified(certificate, nowMs) {
      byWorker.set(certificate.worker, { certificate, atMs: nowMs });
      for (const [worker, { atMs }] of byWorker) {
        if (byWorker.size <= KEPT && nowMs - atMs <= KEPT_MS) break;
        byWorker.delete(worker);
      }
    },
    childOutOfMemory(pod) {
      outOfMemory.add(pod);
      const [oldest] = outOfMemory;
      if (outOfMemory.size > KEPT && oldest !== undefined) outOfMemory.delete(oldest);
    },
    believed: (pod, exit) => (outOfMemory.has(pod) ? { ...exit, outOfMemory: false } : exit),
    amend(pod, exit) {
      const amended: DeathCertificate[] = [];
      for (const { certificate } of [...byWorker.values()]) {
        const late = certificate.pod === pod ? withLateExit(certificate, exit) : null;
        if (late === null) continue;
        byWorker.delete(late.worker);
        amended.push(late);
      }
      return amended;
    },
  };
}
