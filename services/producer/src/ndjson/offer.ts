import { type Clock, isMillraceError, MillraceError } from '@millrace/core';
import { problemOf } from '../http/problem.ts';
import type { LineResult } from '../schemas/answers.ts';
import { type Patience, patience } from './patience.ts';

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
/** A pool that gave up is tried after 5, then 10, then 20 s by default: its lines live through two trials that fail. */
const CIRCUIT_PATIENCE_MS = 30_000;

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
  const { status, code, detail, faults, retryAfterMs } = problemOf(error);
  return {
    line,
    status,
    code,
    detail,
    ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}),
    ...(Array.isArray(faults) ? { faults } : {}),
  };
}

const isUnsent = (error: unknown) =>
  isMillraceError(error, 'store_unavailable') && error.details.sent === false;

const isCircuitOpen = (error: unknown) => isMillraceError(error, 'circuit_open');

/** What lines wait for, each with a limit; a full queue has none, since whoever waits for it is served in the end. */
interface Patiences {
  readonly store: Patience;
  readonly circuit: Patience;
}

/** ms until the line should be offered again; null when its refusal is final. */
function waitOf(error: unknown, { store, circuit }: Patiences): number | null {
  if (isMillraceError(error, 'queue_full')) {
    const { retryAfterMs, drainPerSecond } = error.details as {
      retryAfterMs: number;
      drainPerSecond: number;
    };
    return Math.min(retryAfterMs, drainPerSecond > 0 ? LONGEST_WAIT_MS : IDLE_WAIT_MS);
  }
  if (circuit.bears(error)) {
    // An operator may close it before its time.
    return Math.min((error as MillraceError).details.retryAfterMs as number, LONGEST_WAIT_MS);
  }
  // Certainly nothing was done: to offer it again repeats nothing.
  return store.bears(error) ? STORE_WAIT_MS : null;
}

function sortAnswers(
  group: readonly Offer[],
  answers: readonly PromiseSettledResult<string>[],
  patiences: Patiences,
  toMillraceError: OfferContext['toMillraceError'],
): Round {
  const round: Round = { results: [], again: [], waitMs: LONGEST_WAIT_MS };
  for (const [index, offer] of group.entries()) {
    const answer = answers[index] as PromiseSettledResult<string>;
    if (answer.status === 'fulfilled') {
      round.results.push({ line: offer.line, status: 202, id: answer.value });
      continue;
    }
    const waitMs = waitOf(answer.reason, patiences);
    if (waitMs === null) round.results.push(lineRefusal(offer.line, toMillraceError(answer.reason)));
    else {
      round.again.push(offer);
      round.waitMs = Math.min(round.waitMs, waitMs);
    }
  }
  return round;
}

/**
 * Offers the lines until each has its result. A line that finds the queue full waits and is offered again; so does,
 * for a while, one that finds the store away or the circuit open.
 */
export async function offerAll(
  offers: readonly Offer[],
  context: OfferContext,
  onResults: (results: readonly LineResult[]) => Promise<void>,
): Promise<void> {
  const { clock, stop, width } = context;
  const patiences = {
    store: patience(clock, context.deadlineMs, isUnsent),
    circuit: patience(clock, CIRCUIT_PATIENCE_MS, isCircuitOpen),
  };
  let todo = [...offers];
  while (todo.length > 0 && !stop.aborted) {
    const group = todo.slice(0, width.lines);
    const answers = await Promise.allSettled(group.map((offer) => offer.admit()));
    const errors = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
    for (const each of Object.values(patiences)) each.look(errors);
    const { results, again, waitMs } = sortAnswers(group, answers, patiences, context.toMillraceError);
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
