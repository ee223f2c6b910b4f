import type { EndedAttempt } from './ended-attempt.ts';

/**
 * An attempt that went with the process that ran it, as the store remembers it: nobody else is left to tell of it.
 * Times are the store's.
 */
export interface DeadAttempt
  extends Pick<
    EndedAttempt,
    | 'queue'
    | 'id'
    | 'name'
    | 'timestampMs'
    | 'enqueuedUs'
    | 'dueUs'
    | 'start'
    | 'attempt'
    | 'worker'
    | 'carrier'
    | 'origin'
    | 'before'
    | 'replayOf'
  > {
  /** When the worker took it, µs since 1970, to the ms. */
  readonly startedUs: number;
  /** When it was back at the head of its queue, µs since 1970, to the ms. */
  readonly returnedUs: number;
  /** Why: a certificate's cause, or `stalled` where only its lock ran out. */
  readonly cause: string;
  /** An attempt before this one failed or was killed, and so has a span. */
  readonly hasTracedPast: boolean;
}
