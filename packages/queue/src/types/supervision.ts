import type {
  Circuit,
  ClusterStatus,
  DeadAttempt,
  DeathCertificate,
  PoolScaling,
  Recovery,
  WorkerCommand,
} from '@millrace/core';

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
   * Goes through the death of a start that never was: the first real one is to find the scripts loaded, also after the store
   * was started anew, and the code compiled. Leaves nothing in the store. To be called once.
   */
  rehearse(): Promise<void>;
  /**
   * Gives the fenced start's jobs back to the head of the queue, at most 32 a script call, and counts its death against
   * them unless nobody's job can be blamed; calls made in one turn share one pass over the active jobs. Resolves with
   * every orphan of that start, whichever replica moved it, for 7 d. Throws `wrong_state` for a start that is not fenced.
   */
  reclaim(queue: string, dead: DeadStart): Promise<ReclaimResult>;
  /**
   * Counts a death against jobs that it left behind, when it turns out only after their reclaim that they may be to blame;
   * twice is once. Resolves against how many.
   */
  blame(queue: string, dead: DeadStart, jobIds: readonly string[]): Promise<number>;
  /**
   * Pauses the queue and refuses adds, or lifts both; a pause by a person stays. Idempotent: told again, it pauses a queue
   * again that a stock client has resumed meanwhile.
   */
  setCircuit(queue: string, circuit: Circuit | null): Promise<void>;
  /** Resolves once every orphan was seen starting again (ms since 1970 by job id), or `signal` aborts: then what was seen. */
  restarts(
    queue: string,
    jobIds: readonly string[],
    eventsAfter: string,
    signal: AbortSignal,
  ): Promise<Map<string, number>>;
  /**
   * What the store remembers of the attempts that a dead start left behind, in the order of `jobIds`; of jobs that are
   * gone by now, nothing. To be asked after the reclaim: no orphan waits for it.
   */
  deadAttempts(queue: string, startId: string, jobIds: readonly string[]): Promise<readonly DeadAttempt[]>;
  /**
   * True for the one supervisor that asked first, however often it asks: it writes the spans of the attempts that the
   * start left behind in this queue. Forgotten with the death, after 7 d.
   */
  claimDeadAttempts(queue: string, startId: string, supervisor: string): Promise<boolean>;
  /** How many connections in the store's client list carry each start id. */
  connectionsOf(startIds: readonly string[]): Promise<Map<string, number>>;
  /**
   * Cuts the blocking connections of suspected starts, each in each of its queues, and wakes other workers in their
   * stead, with one look at the client list. Resolves how many were cut.
   */
  cutBlockingOf(suspects: ReadonlyMap<string, readonly string[]>): Promise<number>;
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
  /** The record of one death, as all replicas wrote it together; null when there is none. */
  recovery(startId: string): Promise<Recovery | null>;
  /** True for the one supervisor that asked first: it writes the trace of that recovery. Forgotten after 7 d. */
  claimRecoveryTrace(startId: string, supervisor: string): Promise<boolean>;
  /** Takes or renews the lease of the one that acts on the outside; false when another holds it. */
  lead(supervisor: string, leaseMs: number): Promise<boolean>;
  /** Gives the lease up, if it is held. */
  resign(supervisor: string): Promise<void>;
  /** What a leader leaves to the next: any JSON. Written only while `supervisor` leads: else false. */
  saveTree(supervisor: string, tree: unknown): Promise<boolean>;
  tree(): Promise<unknown>;
  /** What the leader wants of each pool; others are left as they are. */
  saveScaling(pools: readonly PoolScaling[]): Promise<void>;
  /** As a leader last wrote it; null when none ever did. */
  scaling(pool: string): Promise<PoolScaling | null>;
  /** Newest first. */
  recoveries(limit: number): Promise<readonly Recovery[]>;
  sendCommand(command: WorkerCommand): Promise<void>;
  /** Commands sent from now on; ends when `signal` aborts; survives outages of the store. */
  commands(signal: AbortSignal): AsyncIterable<WorkerCommand>;
  /** Names of all queues that anything was ever added to through Millrace, or that a worker serves. */
  queueNames(): Promise<readonly string[]>;
  addQueueName(name: string): Promise<void>;
}
