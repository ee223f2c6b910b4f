import type { Clock } from '@millrace/core';

/** Ms since 1970 with fractions, that never step back: one time line for evidence, intervals and the record. */
export function nowMs(clock: Clock): number {
  return clock.epochUs() / 1_000;
}
