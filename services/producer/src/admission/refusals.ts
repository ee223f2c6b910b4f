import { type Circuit, LONGEST_OPEN_MS, MillraceError } from '@millrace/core';
import { type AddResult, MAX_RETRY_AFTER_MS } from '@millrace/queue';

/** The store's refusals of an add, each as the error that a client is told. */
type Full = Extract<AddResult, { kind: 'refused' }>;
type TooLarge = Extract<AddResult, { kind: 'exceeds_bound' }>;

/** A circuit whose trial is due now is closed, or put off, by then. */
const TRIAL_DUE_MS = 1_000;

/** The queue is at its bound; `retryAfterMs` is when this caller gets in. */
export function fullError(queue: string, refused: Full, retryAfterMs: number): MillraceError {
  const { reason, depth, bound, bytes, maxBytes, drainPerSecond } = refused;
  const what = reason === 'jobs' ? `${depth} of ${bound} jobs` : `${bytes} of ${maxBytes} bytes`;
  return new MillraceError('queue_full', `Queue "${queue}" holds ${what}. Try again in ${retryAfterMs} ms.`, {
    details: { reason, depth, bound, bytes, maxBytes, drainPerSecond, retryAfterMs },
  });
}

/** So many jobs pass the bound at no time. */
export function neverFits(
  queue: string,
  jobs: number,
  { bound, maxBytes }: Omit<TooLarge, 'kind'>,
): MillraceError {
  return new MillraceError(
    'bulk_exceeds_bound',
    `${jobs} job(s) can never fit into queue "${queue}", whose bound is ${bound} jobs and ${maxBytes} bytes. Send fewer at once, or stream them as NDJSON.`,
    { details: { bound, maxBytes } },
  );
}

/**
 * ms until the pool is tried again; as long as for an idle queue when nobody knows. What is more than the longest wait
 * of a pool lies between our wall clock and the supervisor's.
 */
function untilTrialMs({ retryAtMs }: Circuit, nowMs: number): number {
  if (retryAtMs === null) return MAX_RETRY_AFTER_MS;
  return Math.min(Math.max(retryAtMs - nowMs, TRIAL_DUE_MS), LONGEST_OPEN_MS);
}

/** No pool behind the queue works; the reason is the supervisor's own sentence. */
export function circuitOpenError(queue: string, circuit: Circuit, nowMs: number): MillraceError {
  const { pool, reason, sinceMs } = circuit;
  const retryAfterMs = Math.round(untilTrialMs(circuit, nowMs));
  return new MillraceError(
    'circuit_open',
    `Queue "${queue}" takes no jobs while pool "${pool}" is down: ${reason} Try again in ${retryAfterMs} ms.`,
    { details: { pool, reason, sinceMs, retryAfterMs } },
  );
}

/** The key came with another body before. */
export function keyConflict(): MillraceError {
  return new MillraceError(
    'idempotency_conflict',
    'This Idempotency-Key came with another body before. Use a new key for a new request.',
  );
}
