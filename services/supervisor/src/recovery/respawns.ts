import type { Clock, Recovery } from '@millrace/core';
import { nowMs } from '../now.ts';
import { sinceDeath } from './record.ts';

/** A respawn later than this is not the answer to that death. */
const RESPAWN_MS = 60_000;

/** Recoveries that are over but for the respawn, which may come after the last orphan has started elsewhere. */
export interface Respawns {
  await(recovery: Recovery): void;
  /** A new start runs in that pod's slot: the recoveries that it answers, with its time in them. */
  answer(pod: string, slot: number | null, atMs: number): readonly Recovery[];
}

/** Pods are named `<pool>-<random>`. */
const poolOf = (pod: string) => pod.replace(/-[^-]*$/, '');

/** The recovery with the respawn's time, if a start in that pod's slot is the answer to it; else null. */
export function withRespawn(
  recovery: Recovery,
  pod: string,
  slot: number | null,
  atMs: number,
): Recovery | null {
  const { certificate, respawnMs, diedAtMs } = recovery;
  if (respawnMs !== null || certificate.slot !== slot || atMs < diedAtMs) return null;
  const isAnswer =
    certificate.cause === 'pod-lost'
      ? certificate.pod !== pod && poolOf(certificate.pod) === poolOf(pod)
      : certificate.pod === pod;
  return isAnswer ? { ...recovery, respawnMs: sinceDeath(recovery, atMs) } : null;
}

/** See {@link Respawns}. */
export function createRespawns(clock: Clock): Respawns {
  const waiting = new Map<string, Recovery>();
  return {
    await(recovery) {
      waiting.set(recovery.id, recovery);
      for (const [id, { diedAtMs }] of waiting) {
        if (nowMs(clock) - diedAtMs > RESPAWN_MS) waiting.delete(id);
      }
    },
    answer(pod, slot, atMs) {
      const answered: Recovery[] = [];
      for (const recovery of waiting.values()) {
        const known = withRespawn(recovery, pod, slot, atMs);
        if (!known) continue;
        waiting.delete(known.id);
        answered.push(known);
      }
      return answered;
    },
  };
}
