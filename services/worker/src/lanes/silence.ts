import type { Clock } from '@millrace/core';

export interface SilenceLimits {
  /** How often who is watched speaks. */
  readonly beatMs: number;
  /** It is given up after so much silence. */
  readonly limitMs: number;
}

/** Watches somebody who is to speak at every beat. */
export interface Silence {
  heard(): void;
  /** It was silent for too long. */
  readonly isOver: boolean;
  end(): void;
}

/**
 * Calls `onOver` once, after `limitMs` without a word. Silence is counted in turns of our own: while our event loop
 * stands still we hear nobody, and the time that we slept away is one turn of silence, however long it was.
 */
export function watchSilence({ beatMs, limitMs }: SilenceLimits, clock: Clock, onOver: () => void): Silence {
  // The first turn may come right after a word.
  const limit = Math.ceil(limitMs / beatMs) + 1;
  let turns = 0;
  let isOver = false;
  const timer = clock.every(beatMs, () => {
    turns += 1;
    if (turns < limit) return;
    timer.cancel();
    isOver = true;
    onOver();
  });
  return {
    heard() {
      turns = 0;
    },
    get isOver() {
      return isOver;
    },
    end: () => timer.cancel(),
  };
}
