import { type AttemptOutcome, type EndedAttempt, isMillraceError, type Outcome } from '@millrace/core';
import type { Job } from 'bullmq';
import type { Settlement } from '../backend/identity.ts';
import { originOf } from '../job-origin.ts';
import type { TakenProvenance } from '../types/consumer.ts';
import { describeKill } from './kill.ts';
import { lastPastAttempt, type PastAttempt } from './past-attempt.ts';

/** Ours among the stored options, and BullMQ's. */
interface StoredOptions {
  readonly enqueuedUs?: string;
  readonly mo?: string;
  readonly lineage?: readonly string[];
  readonly delay?: number;
  readonly telemetry?: { readonly metadata?: string };
}

/** How the store saw it end, given what the run came to: a snooze is delayed as a retry with a pause is. */
export function outcomeOfEnd(how: Settlement | 'returned', outcome: Outcome | null): AttemptOutcome {
  if (how !== 'delayed') return how;
  return outcome?.kind === 'snooze' ? 'returned' : 'retried';
}

/** So much of an error is told. */
const MESSAGE_CHARS = 4_096;
const STACK_CHARS = 16_384;
/** A name that may stand as a value in thousands of spans: a class or a code, not a sentence. */
const ERROR_NAME = /^[\w.$:-]{1,80}$/;

/** A class that names itself, or its name in the code. */
const classOf = (error: Error) => (error.name === 'Error' ? error.constructor.name : error.name);

function errorOf(outcome: Outcome | null): EndedAttempt['error'] {
  switch (outcome?.kind) {
    case 'fail': {
      const { error } = outcome;
      const type = isMillraceError(error) ? error.code : classOf(error);
      const told = ERROR_NAME.test(type) ? type : 'Error';
      const message = error.message.slice(0, MESSAGE_CHARS);
      return { type: told, message, ...(error.stack ? { stack: error.stack.slice(0, STACK_CHARS) } : {}) };
    }
    case 'cancel':
      return { type: 'cancelled', message: outcome.reason };
    case 'killed':
      return { type: 'job_crashed', message: `It took down its own process: ${describeKill(outcome.kill)}` };
    default:
      return null;
  }
}

const carrierOf = ({ opts }: Job): string | null => (opts as StoredOptions).telemetry?.metadata ?? null;

function originOfJob({ opts, repeatJobKey }: Job): EndedAttempt['origin'] {
  const { mo, enqueuedUs } = opts as StoredOptions;
  return originOf(mo, enqueuedUs, repeatJobKey !== undefined);
}

/** The start before, if it has a span. */
const startBefore = (past: PastAttempt | null): number | null => (past?.hasSpan ? past.start : null);

/** What places the spans of an attempt that runs; `past` is its hash's `mrAttempts`. */
export function provenanceOfTaken(job: Job, past: string | undefined): TakenProvenance {
  return {
    timestampMs: job.timestamp,
    carrier: carrierOf(job),
    origin: originOfJob(job),
    before: startBefore(lastPastAttempt(past)),
  };
}

/**
 * An attempt that ended, over the job itself: nearly all are asked for their times alone, so the rest is computed when
 * somebody asks.
 */
export class AttemptEnd implements EndedAttempt {
  readonly queue: string;
  readonly worker: string;
  readonly startedUs: number;
  readonly endedUs: number;
  readonly settledUs: number;
  readonly outcome: AttemptOutcome;
  readonly attempt: number;
  readonly #job: Job;
  readonly #ran: Outcome | null;
  readonly #past: string | undefined;
  #before: PastAttempt | null | undefined;
  #enqueuedUs = 0;

  constructor(
    consumer: { readonly queue: string; readonly startId: string },
    job: Job,
    run: { readonly outcome: Outcome | null; readonly past: string | undefined; readonly startedUs: number },
    end: { readonly how: Settlement | 'returned'; readonly endedUs: number; readonly settledUs: number },
  ) {
    this.queue = consumer.queue;
    this.worker = consumer.startId;
    this.#job = job;
    this.#ran = run.outcome;
    this.#past = run.past;
    this.startedUs = run.startedUs;
    this.endedUs = end.endedUs;
    this.settledUs = end.settledUs;
    this.outcome = outcomeOfEnd(end.how, run.outcome);
    // Now: BullMQ counts this attempt as soon as it hears the store's answer.
    this.attempt = job.attemptsMade + 1;
  }

  get id(): string {
    return this.#job.id as string;
  }
  get name(): string {
    return this.#job.name;
  }
  get timestampMs(): number {
    return this.#job.timestamp;
  }
  get start(): number {
    return this.#job.attemptsStarted;
  }
  get enqueuedUs(): number {
    // Asked for again and again, and a number made of text each time.
    if (this.#enqueuedUs === 0) {
      const { enqueuedUs } = this.#options;
      this.#enqueuedUs = enqueuedUs === undefined ? this.#job.timestamp * 1000 : Number(enqueuedUs);
    }
    return this.#enqueuedUs;
  }

  get dueUs(): number {
    const before = this.#lastBefore;
    const dueUs = before === null ? this.#firstDueUs : (before.dueMs ?? before.endedMs) * 1000;
    // The store's clock and ours may differ by a little.
    return Math.min(dueUs, this.startedUs);
  }

  get error(): EndedAttempt['error'] {
    return this.outcome === 'failed' || this.outcome === 'retried' ? errorOf(this.#ran) : null;
  }
  get carrier(): string | null {
    return carrierOf(this.#job);
  }
  get origin(): EndedAttempt['origin'] {
    return originOfJob(this.#job);
  }
  get before(): number | null {
    return startBefore(this.#lastBefore);
  }
  get replayOf(): string | null {
    return this.#options.lineage?.at(-1) ?? null;
  }

  get #options(): StoredOptions {
    return this.#job.opts as StoredOptions;
  }
  get #firstDueUs(): number {
    const { delay } = this.#options;
    return delay ? Math.max(this.enqueuedUs, (this.#job.timestamp + delay) * 1000) : this.enqueuedUs;
  }
  get #lastBefore(): PastAttempt | null {
    if (this.#before === undefined) this.#before = lastPastAttempt(this.#past);
    return this.#before;
  }
}
