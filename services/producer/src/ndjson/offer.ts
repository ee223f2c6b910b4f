import { type Clock, isMillraceError, MillraceError } from '@millrace/core';
import { problemOf } from '../http/problem.ts';
import type { LineResult } from '../schemas/answers.ts';

/** A line whose job may be stored. */
export interface Offer {
  readonly line: number;
  /** Resolves with the job's id; throws what `Admission.admit` throws. */
  readonly admit: () => Promise<string>;
}

/** Waits told by the queue are believed up to this; a queue that drains faster than it did is noticed by then. */
const LONGEST_WAIT_MS = 1_000;
/** A paused or idle queue tells a minute; whoever holds a stream open notices sooner that it goes on. */
const IDLE_WAIT_MS = 250;
const STORE_WAIT_MS = 100;

/** How many lines are offered at once: one after a refusal, twice as many after each round that passed. */
export interface Width {
  lines: number;
  readonly most: number;
}

export interface OfferContext {
  readonly clock: Clock;
  /** How long a line waits for a store that is away before it is refused, ms. */
  readonly deadlineMs: number;
  /** Offer no more: what still waits is answered `draining`. */
  readonly stop: AbortSignal;
  readonly width: Width;
  /** Logs what is no error of ours, and says what the client is told. */
  readonly toMillraceError: (error: unknown) => MillraceError;
}

/** What one round of offers came to. */
interface Round {
  readonly results: LineResult[];
  readonly again: Offer[];
  waitMs: number;
}

/** A refusal as a line's result. */
export function lineRefusal(line: number, error: MillraceError): LineResult {
  const { status, code, detail, faults } = problemOf(error);
  return { line, status, code, detail, ...(Array.isArray(faults) ? { faults } : {}) };
}

const isUnsent = (error: unknown) =>
  isMillraceError(error, 'store_unavailable') && error.details.sent === false;

/** ms until the line should be offered again; null when its refusal is final. */
function waitOf(error: unknown, mayAwaitStore: boolean): number | null {
  if (isMillraceError(error, 'queue_full')) {
    const { retryAfterMs, drainPerSecond } = error.details as {
      retryAfterMs: number;
      drainPerSecond: number;
    };
    return Math.min(retryAfterMs, drainPerSecond > 0 ? LONGEST_WAIT_MS : IDLE_WAIT_MS);
  }
  // Certainly nothing was done: to offer it again repeats nothing.
  return mayAwaitStore && isUnsent(error) ? STORE_WAIT_MS : null;
}

function sortAnswers(
  group: readonly Offer[],
  answers: readonly PromiseSettledResult<string>[],
  mayAwaitStore: boolean,
  toMillraceError: OfferContext['toMillraceError'],
): Round {
  const round: Round = { results: [], again: [], waitMs: LONGEST_WAIT_MS };
  for (const [index, offer] of group.entries()) {
    const answer = answers[index] as PromiseSettledResult<string>;
    if (answer.status === 'fulfilled') {
      round.results.push({ line: offer.line, status: 202, id: answer.value });
      continue;
    }
    const waitMs = waitOf(answer.reason, mayAwaitStore);
    if (waitMs === null) round.results.push(lineRefusal(offer.line, toMillraceError(answer.reason)));
    else {
      round.again.push(offer);
      round.waitMs = Math.min(round.waitMs, waitMs);
    }
  }
  return round;
}

/** Offers the lines until each has its result; a line that finds the queue full waits and is offered again. */
export async function offerAll(
  offers: readonly Offer[],
  context: OfferContext,
  onResults: (results: readonly LineResult[]) => Promise<void>,
): Promise<void> {
  const { clock, stop, width } = context;
  let storeGoneAtMs: number | null = null;
  let todo = [...offers];
  while (todo.length > 0 && !stop.aborted) {
    const group = todo.slice(0, width.lines);
    const answers = await Promise.allSettled(group.map((offer) => offer.admit()));
    const isStoreGone = answers.some((answer) => answer.status === 'rejected' && isUnsent(answer.reason));
    storeGoneAtMs = isStoreGone ? (storeGoneAtMs ?? clock.monotonicMs()) : null;
    const mayAwaitStore = storeGoneAtMs !== null && clock.monotonicMs() - storeGoneAtMs < context.deadlineMs;
    const { results, again, waitMs } = sortAnswers(group, answers, mayAwaitStore, context.toMillraceError);
    todo = [...again, ...todo.slice(group.length)];
    width.lines = again.length > 0 ? 1 : Math.min(width.lines * 2, width.most);
    await onResults(results);
    if (again.length > 0) await clock.sleep(waitMs, stop).catch(() => undefined);
  }
  const ending = new MillraceError(
    'draining',
    'This producer is about to end; the job was not added. Send it again.',
  );
  if (todo.length > 0) await onResults(todo.map(({ line }) => lineRefusal(line, ending)));
}
