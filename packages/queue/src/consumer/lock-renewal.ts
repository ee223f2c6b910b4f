import type { Clock, Timer } from '@millrace/core';

/**
 * The part of its life after which a lock is renewed. BullMQ's default of a half leaves an event loop that blocks for
 * more than the other half without its locks; with a sixth, 30 s survive a block of 25 s, for a call every 5 s.
 */
const RENEWED_AT = 1 / 6;

/**
 * Renews the locks of a worker's running jobs, timed by the clock that never steps. BullMQ's own timing compares wall
 * times, and renews nothing while the clock is behind what it was: for an hour, when it is set back by one.
 */
export function createLockRenewal(renew: () => Promise<void>, lockMs: number, clock: Clock) {
  let isOn = false;
  let timer: Timer | undefined;

  /** Timed from the last answer, so that calls do not pile up while the store is away. */
  function next(): void {
    if (isOn) timer = clock.after(lockMs * RENEWED_AT, () => void renew().finally(next));
  }
  return {
    start(): void {
      isOn = true;
      next();
    },
    stop(): void {
      isOn = false;
      timer?.cancel();
    },
  };
}
