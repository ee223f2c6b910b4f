import { inspect } from 'node:util';
import { type Outcome, parseDurationMs } from '@millrace/core';

const LONGEST_SNOOZE_MS = 365 * 86_400_000;

// Registered, so that an outcome made by another copy of this package is known too.
const OUTCOME = Symbol.for('millrace.outcome');

/** What `fail`, `cancel` and `snooze` return: a handler returns it in its turn. */
export interface HandlerOutcome {
  readonly [OUTCOME]: Outcome;
}

function outcome(value: Outcome): HandlerOutcome {
  return { [OUTCOME]: value };
}

function isHandlerOutcome(value: unknown): value is HandlerOutcome {
  return typeof value === 'object' && value !== null && OUTCOME in value;
}

function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  if (typeof thrown === 'string') return new Error(thrown);
  return new Error(`The handler threw ${inspect(thrown, { depth: 2 })}, which is no Error`);
}

/** The attempt failed. It is made again as the job's retry policy says, unless `retry` is false. */
export function fail(error: Error | string, options: { retry?: boolean } = {}): HandlerOutcome {
  return outcome({ kind: 'fail', error: asError(error), retry: options.retry ?? true });
}

/** The job is not to be done after all: it ends as failed, is never made again, and keeps `reason`. */
export function cancel(reason: string): HandlerOutcome {
  return outcome({ kind: 'cancel', reason });
}

/** Not yet: the job starts again after `delay` (ms, or like `'5m'`; at most a year), and no attempt is counted. */
export function snooze(delay: number | string): HandlerOutcome {
  const delayMs = Math.round(parseDurationMs(delay));
  if (delayMs > LONGEST_SNOOZE_MS) {
    throw new RangeError(`"${delay}" is longer than a year: snooze for at most 365 days`);
  }
  return outcome({ kind: 'snooze', delayMs });
}

/** What the returned value of a handler means. */
export function outcomeOf(returned: unknown): Outcome {
  return isHandlerOutcome(returned) ? returned[OUTCOME] : { kind: 'ok', value: returned };
}

/** What a handler threw means: a failure that may be retried, unless it threw an outcome. */
export function outcomeOfThrown(thrown: unknown): Outcome {
  return isHandlerOutcome(thrown) ? thrown[OUTCOME] : { kind: 'fail', error: asError(thrown), retry: true };
}
