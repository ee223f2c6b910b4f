import type {
  AttemptView,
  Circuit,
  DeadLetter,
  JobState,
  JobView,
  Kill,
  NewJob,
  QueueDemand,
} from '@millrace/core';
import type { Provenance } from '../job-origin.ts';

export type { Provenance } from '../job-origin.ts';

/** When jobs were handed in, by the producer's clock: BullMQ's `timestamp` in ms, and the same to the µs. */
export interface AddTimes {
  readonly timestampMs: number;
  readonly enqueuedUs: number;
}

/** What added jobs carry of their client's trace, as it is to be stored, and how they came. */
export interface AddContext {
  readonly carrier: string | null;
  readonly origin: 'single' | 'bulk' | 'replay';
}

/** What became of one add call (a single or an all-or-nothing bulk). */
export type AddResult =
  | {
      readonly kind: 'accepted';
      readonly ids: readonly string[];
      /** Depth right after this add; ≤ bound. */
      readonly depth: number;
      /** True when an idempotency key replayed the first answer and nothing was added. */
      readonly replayed: boolean;
      /** Those of the jobs, unless they were there before: null for a repeat; a deduplicated job has its own. */
      readonly times: AddTimes | null;
    }
  | {
      readonly kind: 'refused';
      readonly reason: 'jobs' | 'bytes';
      readonly depth: number;
      readonly bound: number;
      readonly bytes: number;
      readonly maxBytes: number;
      /** Jobs leaving the queue per second, live; 0 when paused or idle. */
      readonly drainPerSecond: number;
      /** Expected ms until this add would pass if nobody else were waiting; 60,000 when paused or idle. */
      readonly retryAfterMs: number;
    }
  | { readonly kind: 'exceeds_bound'; readonly bound: number; readonly maxBytes: number }
  /** No pool that serves this queue is whole: nothing is added. */
  | { readonly kind: 'circuit_open'; readonly circuit: Circuit }
  | { readonly kind: 'conflict' };

/** An idempotency key and the hash of the body it came with. */
export interface Idempotency {
  readonly key: string;
  readonly bodyHash: string;
}

/** Counts, bound and rates of one queue. Ages in ms, rates in jobs per second over the last few seconds. */
export interface QueueSnapshot {
  readonly name: string;
  readonly paused: boolean;
  readonly counts: Readonly<Record<JobState, number>>;
  /** waiting + prioritized + delayed. */
  readonly depth: number;
  readonly bound: number;
  readonly bytes: number;
  readonly maxBytes: number;
  /** Highest depth after an accepted add since the bound was last set. */
  readonly maxDepth: number;
  readonly oldestWaitingMs: number | null;
  readonly drainPerSecond: number;
  /** Jobs at once over all workers; null is unlimited. */
  readonly concurrency: number | null;
  readonly refused: number;
  /** Set while the pools behind the queue have given up. */
  readonly circuit: Circuit | null;
}

/** One page of dead letters, newest first; `cursor` is null on the last. */
export interface DeadLetterPage {
  readonly letters: readonly StoredLetter[];
  readonly cursor: string | null;
}

/** What became of a replay: `added` is the add's own result; `replayed` false: somebody had replayed it before. */
export type ReplayResult =
  | { readonly kind: 'added'; readonly jobId: string; readonly replayed: boolean }
  | { readonly kind: 'none' }
  | Exclude<AddResult, { readonly kind: 'accepted' | 'conflict' }>;

/** A job as it is stored, and what tells where its spans stand. */
export interface StoredJob extends Omit<JobView, 'traceId' | 'attempts' | 'links'> {
  readonly attempts: readonly Omit<AttemptView, 'spanId'>[];
  readonly provenance: Provenance;
}

/** A dead letter as it is stored, and what tells where its spans stand. */
export interface StoredLetter extends Omit<DeadLetter, 'kills' | 'traceId' | 'links'> {
  readonly kills: readonly Kill[];
  readonly provenance: Provenance;
}

/** A dead letter's provenance, and its last start. */
export interface DeadProvenance extends Provenance {
  readonly start: number;
}

/** One page of jobs; `cursor` is null on the last. */
export interface JobPage {
  readonly jobs: readonly StoredJob[];
  readonly cursor: string | null;
}

/** One entry of the ledger: an attempt that the store has seen end. Times are µs since 1970. */
export interface LedgerEntry {
  readonly id: string;
  readonly name: string;
  readonly outcome: 'completed' | 'failed' | 'retried' | 'returned' | 'killed';
  /** The start id that ran it. */
  readonly worker: string;
  /** Attempts that ended in a completion, a failure or a retry, this one included. */
  readonly attempt: number;
  /** How often the job was taken, this time included: takes − 1 − ordinary retries = its duplicate starts. */
  readonly start: number;
  readonly enqueuedUs: number;
  /** When the store handed it to the worker, by the store's clock: ms since 1970. */
  readonly takenMs: number;
  readonly startedUs: number;
  readonly doneUs: number;
  /** JSON of the handler's result, or the error's message. */
  readonly value: string;
  /** JSON of the job's data. */
  readonly data: string;
}

/** A page of the ledger; `gap` true means entries are missing and the run is void. */
export interface LedgerPage {
  readonly entries: readonly LedgerEntry[];
  readonly cursor: string;
  readonly gap: boolean;
}

/** A queue as producers and operators see it. All methods throw `store_unavailable` when the store is away. */
export interface BoundedQueue {
  readonly name: string;
  /** Adds all of `jobs` or none, against the bound, atomically; concurrent calls share one script call. */
  add(jobs: readonly NewJob[], idempotency?: Idempotency, context?: AddContext): Promise<AddResult>;
  snapshot(): Promise<QueueSnapshot>;
  /** What it asks for; delayed jobs that are due within `leadMs` count as due. */
  demand(leadMs: number): Promise<QueueDemand>;
  job(id: string): Promise<StoredJob | null>;
  /** What tells where a job's spans stand; null when there is no such job. */
  provenance(id: string): Promise<Provenance | null>;
  /** Newest first; `limit` ≤ 1,000. */
  jobs(state: JobState, cursor: string | null, limit: number): Promise<JobPage>;
  pause(): Promise<void>;
  /** While the circuit is open the queue stays paused; the order holds once it lifts. */
  resume(): Promise<void>;
  /** Sets the bound and resets `maxDepth`. */
  setBound(bound: number): Promise<void>;
  /** Jobs at once over all workers; null lifts the limit. */
  setConcurrency(concurrency: number | null): Promise<void>;
  /** False when there is no such job; throws `wrong_state` while it runs. */
  remove(id: string): Promise<boolean>;
  /** Runs a failed or completed job again; false when there is none; throws `wrong_state` otherwise. */
  retry(id: string): Promise<boolean>;
  /** Makes a delayed job wait no longer; false when there is none; throws `wrong_state` otherwise. */
  promote(id: string): Promise<boolean>;
  deadLetters(cursor: string | null, limit: number): Promise<DeadLetterPage>;
  deadLetter(id: string): Promise<StoredLetter | null>;
  /**
   * Adds a copy within the bound and links both; twice is once. `carrierOf` says what the copy carries: the dead letter's
   * last span, which its own spans link to.
   */
  replay(id: string, carrierOf?: (dead: DeadProvenance) => string | null): Promise<ReplayResult>;
  /** Removes a dead letter for good; false when there is none. */
  discard(id: string): Promise<boolean>;
  registerReader(reader: string): Promise<{ cursor: string }>;
  readLedger(reader: string, cursor: string | null, limit: number): Promise<LedgerPage>;
  endReader(reader: string): Promise<boolean>;
}
