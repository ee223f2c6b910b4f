import type { AttemptView } from './job.ts';

/** How the store saw an attempt end: as in `AttemptView`, without those that only the API tells. */
export type AttemptOutcome = Extract<AttemptView['outcome'], 'completed' | 'failed' | 'retried' | 'returned'>;

/**
 * An attempt whose end the store has accepted, as the worker process that ran it tells of it. Times are µs since 1970;
 * `dueUs ≤ startedUs ≤ endedUs ≤ settledUs`.
 */
export interface EndedAttempt {
  readonly queue: string;
  readonly id: string;
  readonly name: string;
  /** BullMQ's `timestamp`, ms since 1970: with queue and id the job's identity in time. */
  readonly timestampMs: number;
  /** When it was handed in. */
  readonly enqueuedUs: number;
  /** From when on this attempt could have started: handed in, or due after a delay, or back in the queue. */
  readonly dueUs: number;
  /** The handler began. */
  readonly startedUs: number;
  /** The handler ended, or was given up. */
  readonly endedUs: number;
  /** The store's answer to its end was here. */
  readonly settledUs: number;
  /** Counts starts, from 1: the fence. */
  readonly start: number;
  /** Attempts that count, this one included. */
  readonly attempt: number;
  readonly outcome: AttemptOutcome;
  /** Of a failed or retried attempt: a class of few values, and its words. Null otherwise. */
  readonly error: { readonly type: string; readonly message: string; readonly stack?: string } | null;
  /** The start id of the worker process. */
  readonly worker: string;
  /** What the job carries of its client's trace, as it was stored; see `@millrace/telemetry`'s carrier. */
  readonly carrier: string | null;
  /** How it came into the queue; decides between parent and link. */
  readonly origin: JobOrigin;
  /** The start before this one, when that has a span: it was retried or killed, or handed back after one that was. */
  readonly before: number | null;
  /** The dead letter that this job repeats. */
  readonly replayOf: string | null;
}

export type JobOrigin = 'single' | 'bulk' | 'scheduled' | 'flow' | 'replay' | 'foreign';
