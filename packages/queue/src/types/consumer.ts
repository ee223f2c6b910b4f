import type { Config, DeadAttempt, EndedAttempt, Lifecycle, Outcome } from '@millrace/core';
import type { StoreDependencies } from './store.ts';

/** What places a running attempt's spans, with the job's queue, id and fence. */
export type TakenProvenance = Pick<EndedAttempt, 'timestampMs' | 'carrier' | 'origin' | 'before'>;

/** A job in a worker's hands. */
export interface TakenJob {
  readonly id: string;
  readonly queue: string;
  readonly name: string;
  readonly data: unknown;
  /** Attempts made before, plus one. */
  readonly attempt: number;
  /** Rises with every start of this job. */
  readonly fence: number;
  readonly timeoutMs: number | null;
  /** No attempt starts after it; ms since 1970. */
  readonly deadlineMs: number | null;
  readonly enqueuedAtMs: number;
  /** It was there when its worker died: it is to run alone in a process of its own. */
  readonly suspect: boolean;
  /** Read when somebody asks. */
  provenance(): TakenProvenance;
  /** It runs in a process of its own from here on: what becomes of this one is not put down to it. */
  alone(): Promise<void>;
  progress(value: unknown): Promise<void>;
  log(line: string): Promise<void>;
  updateData(data: unknown): Promise<void>;
}

/** Runs one job to its outcome. `signal` aborts when the lock is lost or the job is cancelled. */
export type RunJob = (job: TakenJob, signal: AbortSignal) => Promise<Outcome>;

/** What liveness and beats are made of. */
export interface ConsumerActivity {
  readonly busy: number;
  readonly slots: number;
  /** Blocking reads that returned plus jobs that ended: rises while this consumer consumes. */
  readonly cycles: number;
  readonly connected: boolean;
  /** Jobs, of whichever worker, that this consumer found without a lock and put back, since it was made. */
  readonly stalled: number;
  /** Locks of its own running jobs that the store did not renew. */
  readonly lockRenewalFailed: number;
}

/** Takes jobs of one queue and runs them, at most `concurrency` at once. */
export interface Consumer extends Lifecycle {
  readonly queue: string;
  /** Opens the connections and takes nothing yet: what a warm standby does. `start` does it too. */
  connect(): Promise<void>;
  activity(): ConsumerActivity;
  runningIds(): readonly string[];
  /** Takes no more; running jobs go on. Resolves when no take is in flight. */
  quiesce(): Promise<void>;
  /** Quiesces, and resolves when nothing runs any more. */
  idle(): Promise<void>;
  /** Gives what still runs back to the head of the queue, no attempt or stall counted, and aborts it. Returns the ids. */
  handBack(reason: string): Promise<readonly string[]>;
}

export interface ConsumerOptions {
  readonly queue: string;
  readonly startId: string;
  readonly concurrency: number;
  readonly run: RunJob;
  /** The store refused this start: it was declared dead and must exit. Called once. */
  readonly onFenced: () => void;
  /**
   * The store has accepted the end of an attempt: told once, and of nobody else's. What is told is read out of the job
   * when it is asked for. Called within the reply, so it has to be quick; what it throws is logged.
   */
  readonly onAttemptEnd?: (attempt: EndedAttempt) => void;
  /** Wraps the telling of all ends that came with one reply: what they have in common may be done once, behind them. */
  readonly asOneReply?: (tell: () => void) => void;
  /**
   * Attempts whose locks ran out, of whichever worker, and whose jobs this consumer's own look has put back: told to nobody
   * else.
   */
  readonly onAttemptsLost?: (attempts: readonly DeadAttempt[]) => void;
}

/** Builds a {@link Consumer}. */
export type CreateConsumer = (
  config: Config,
  options: ConsumerOptions,
  dependencies: Pick<StoreDependencies, 'clock' | 'log'>,
) => Consumer;
