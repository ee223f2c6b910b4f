import type {
  Circuit,
  Clock,
  ClusterStatus,
  Config,
  DeadLetter,
  DeathCertificate,
  JobState,
  JobView,
  Lifecycle,
  Log,
  NewJob,
  Outcome,
  Recovery,
  WorkerCommand,
} from '@millrace/core';

/** What became of one add call (a single or an all-or-nothing bulk). */
export type AddResult =
  | {
      readonly kind: 'accepted';
      readonly ids: readonly string[];
      /** Depth right after this add; ≤ bound. */
      readonly depth: number;
      /** True when an idempotency key replayed the first answer and nothing was added. */
      readonly replayed: boolean;
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
  readonly letters: readonly DeadLetter[];
  readonly cursor: string | null;
}

/** What became of a replay: `added` is the add's own result; `replayed` false: somebody had replayed it before. */
export type ReplayResult =
  | { readonly kind: 'added'; readonly jobId: string; readonly replayed: boolean }
  | { readonly kind: 'none' }
  | Exclude<AddResult, { readonly kind: 'accepted' | 'conflict' }>;

/** One page of jobs; `cursor` is null on the last. */
export interface JobPage {
  readonly jobs: readonly JobView[];
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
  add(jobs: readonly NewJob[], idempotency?: Idempotency): Promise<AddResult>;
  snapshot(): Promise<QueueSnapshot>;
  job(id: string): Promise<JobView | null>;
  /** Newest first; `limit` ≤ 1,000. */
  jobs(state: JobState, cursor: string | null, limit: number): Promise<JobPage>;
  pause(): Promise<void>;
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
  deadLetter(id: string): Promise<DeadLetter | null>;
  /** Adds a copy within the bound and links both; twice is once. */
  replay(id: string): Promise<ReplayResult>;
  /** Removes a dead letter for good; false when there is none. */
  discard(id: string): Promise<boolean>;
  registerReader(reader: string): Promise<{ cursor: string }>;
  readLedger(reader: string, cursor: string | null, limit: number): Promise<LedgerPage>;
  endReader(reader: string): Promise<boolean>;
}

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

/** Jobs that a reclaim gave back, oldest first, and the queue's event stream position just before. */
export interface ReclaimResult {
  readonly jobIds: readonly string[];
  /** Pass to `restarts`: entries after it tell when the orphans start again. */
  readonly eventsAfter: string;
}

/** A dead start and what counts against its jobs. */
export interface DeadStart {
  readonly startId: string;
  readonly certificate: DeathCertificate;
}

/** What only a supervisor may do to queues. Idempotent, so every replica may call it. */
export interface QueueSupervision {
  /** Records the start as dead for this queue: its takes, finishes, progress, data and logs are refused from now on. */
  fence(queue: string, startId: string): Promise<void>;
  /**
   * Gives the fenced start's jobs back to the head of the queue, at most 64 a script call; calls made in one turn
   * share one pass over the active jobs. Resolves with every orphan of that start, whichever replica moved it.
   */
  reclaim(queue: string, dead: DeadStart): Promise<ReclaimResult>;
  /** Pauses the queue and refuses adds, or lifts both; a pause by a person stays. Idempotent. */
  setCircuit(queue: string, circuit: Circuit | null): Promise<void>;
  /** Resolves once every orphan was seen starting again (ms since 1970 by job id), or `signal` aborts: then what was seen. */
  restarts(
    queue: string,
    jobIds: readonly string[],
    eventsAfter: string,
    signal: AbortSignal,
  ): Promise<Map<string, number>>;
  /** How many connections in the store's client list carry each start id. */
  connectionsOf(startIds: readonly string[]): Promise<Map<string, number>>;
  /** Cuts the blocking connections of a suspected start and wakes another worker in its stead. */
  cutBlocking(queue: string, startId: string): Promise<number>;
  /** Start ids in the locks of active jobs; stock workers that share the queue are left out. */
  holders(queue: string): Promise<readonly string[]>;
  /** Refused calls of a fenced start, all queues of the list together. */
  refusalsOf(queues: readonly string[], startId: string): Promise<number>;
}

/** What processes tell each other through the store; outlives each of them. */
export interface Board {
  /** Overwrites this supervisor's picture; it fades after 15 s. */
  publishStatus(status: ClusterStatus): Promise<void>;
  /** The freshest picture, or null when no supervisor lives. */
  status(): Promise<ClusterStatus | null>;
  /** Merges into what replicas have saved under the same id (see `mergeRecoveries`); the newest 1,000 are kept. */
  saveRecovery(recovery: Recovery): Promise<void>;
  /** Takes or renews the lease of the one that acts on the outside; false when another holds it. */
  lead(supervisor: string, leaseMs: number): Promise<boolean>;
  /** Gives the lease up, if it is held. */
  resign(supervisor: string): Promise<void>;
  /** What a leader leaves to the next: any JSON. Written only while `supervisor` leads: else false. */
  saveTree(supervisor: string, tree: unknown): Promise<boolean>;
  tree(): Promise<unknown>;
  /** Newest first. */
  recoveries(limit: number): Promise<readonly Recovery[]>;
  sendCommand(command: WorkerCommand): Promise<void>;
  /** Commands sent from now on; ends when `signal` aborts; survives outages of the store. */
  commands(signal: AbortSignal): AsyncIterable<WorkerCommand>;
  /** Names of all queues that anything was ever added to through Millrace, or that a worker serves. */
  queueNames(): Promise<readonly string[]>;
  addQueueName(name: string): Promise<void>;
}

/** What a process sees of the store. */
export interface Store extends Lifecycle {
  /** True while commands can be sent. */
  readonly connected: boolean;
  /** Throws `store_unfit` (eviction policy, version) or `store_unavailable`, each saying what to do. */
  check(): Promise<void>;
  queue(name: string): BoundedQueue;
  readonly supervision: QueueSupervision;
  readonly board: Board;
  waiters(): OutcomeWaiters;
}

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
}

/** What the factories need besides the configuration. `name` shows in the store's client list. */
export interface StoreDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly name: string;
  /** `fail-fast`: own deadline, nothing queued or resent (API). `patient`: waits out an outage (supervisor, worker). */
  readonly profile: 'fail-fast' | 'patient';
}
/** Builds a {@link Store}; `start` opens the connection without waiting for it to be up. */
export type CreateStore = (config: Config, dependencies: StoreDependencies) => Store;
/** Builds a {@link Consumer}. */
export type CreateConsumer = (
  config: Config,
  options: ConsumerOptions,
  dependencies: Pick<StoreDependencies, 'clock' | 'log'>,
) => Consumer;
