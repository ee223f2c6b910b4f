import type { Lifecycle } from '@millrace/core';

/** What became of a job somebody waits for. */
export interface FinalOutcome {
  readonly state: 'completed' | 'failed';
  readonly result: unknown;
  readonly error: string | null;
}

/** Reads the outcome of a job from the job itself; null while it has none. */
export type OutcomeReader = (queue: string, jobId: string) => Promise<FinalOutcome | null>;

/** One stream of outcomes for a whole process; serves every `Prefer: wait`. */
export interface OutcomeWaiters extends Lifecycle {
  readonly size: number;
  /** Resolves null when `signal` aborts first. Call `watch` before the add, so that no outcome is missed. */
  watch(queue: string): Promise<void>;
  wait(queue: string, jobId: string, signal: AbortSignal): Promise<FinalOutcome | null>;
}
