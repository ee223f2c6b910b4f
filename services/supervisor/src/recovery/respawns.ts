import type { Clock, Recovery } from '@millrace/core';
import { nowMs } from '../now.ts';
import { sinceDeath } from './record.ts';

/** A respawn later than this is not the answer to that death. */
const RESPAWN_MS = 60_000;

/** A start that takes jobs. Times are ms since 1970, by our clock. */
export interface Joined {
  readonly pod: string;
  readonly slot: number | null;
  readonly atMs: number;
  /** When its pod started. */
  readonly podStartedAtMs: number;
}

/** Recoveries that are over but for the respawn, which may come after the last orphan has started elsewhere. */
export interface Respawns {
  await(recovery: Recovery): void;
  /** The recoveries that this start answers, with its time in them. */
  answer(joined: Joined): readonly Recovery[];
}

/** Pods are named `<pool>-<random>`. */
const poolOf = (pod: string) => pod.replace(/-[^-]*$/, '');

/** The recovery with the respawn's time, if that start is the answer to it; else null. */
export function withRespawn(
  recovery: Recovery,
  { pod, slot, atMs, podStartedAtMs }: Joined,
): Recovery | null {
  const { certificate, respawnMs, diedAtMs } = recovery;
  if (respawnMs !== null || certificate.slot !== slot) return null;
  if (atMs < diedAtMs || atMs - diedAtMs > RESPAWN_MS) return null;
  // Another pod of the pool that was there already answers nothing, though it says hello to us only now.
  const isAnswer =
    certificate.cause === 'pod-lost'
      ? certificate.pod !== pod && poolOf(certificate.pod) === poolOf(pod) && podStartedAtMs >= diedAtMs
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
    answer(joined) {
      const answered: Recovery[] = [];
      for (const recovery of waiting.values()) {
        const known = withRespawn(recovery, joined);
        if (!known) continue;
        waiting.delete(known.id);
        answered.push(known);
      }
      return answered;
    },
  };
}
