import type { Clock } from '@millrace/core';

/** How long lines put up with one kind of trouble before they are refused with it. */
export interface Patience {
  /** What one round of offers met; trouble that a round does not meet is over. */
  look(errors: readonly unknown[]): void;
  /** True while `error` is this trouble and may still pass within the limit. */
  bears(error: unknown): boolean;
}

/** Patience of `limitMs` with errors of which `isTrouble` holds, counted from the first of an unbroken row. */
export function patience(clock: Clock, limitMs: number, isTrouble: (error: unknown) => boolean): Patience {
  let sinceMs: number | null = null;
  return {
    look(errors) {
      sinceMs = errors.some(isTrouble) ? (sinceMs ?? clock.monotonicMs()) : null;
    },
    bears: (error) => isTrouble(error) && sinceMs !== null && clock.monotonicMs() - sinceMs < limitMs,
  };
}
