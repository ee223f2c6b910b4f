/** What the hash of a taken job says of its past. */
export interface TakenMarks {
  /** Which of the job's starts it is (`ats`). */
  readonly start: number;
  /** It is to run alone. */
  readonly suspect: boolean;
  /** Deaths count against it. */
  readonly killed: boolean;
  /** `mrAttempts`: a line of JSON for each attempt before. */
  readonly past: string | undefined;
}

/** Which of the stock scripts ended an attempt, and how. */
export type Settlement = 'completed' | 'failed' | 'retried' | 'delayed';

/** Who stands behind a backend: a worker's start, or an API client (start id ''). */
export interface BackendIdentity {
  readonly startId: string;
  /** `"<startedUs>:<doneUs>"` of a job that this start runs, or ''. */
  stamps(jobId: string): string;
  /** What lua/suspicion.lua is to do at the end of an attempt of this job; '' for nearly every job. */
  verdict(jobId: string): string;
  /** By this process's clock. */
  nowMs(): number;
  monotonicMs(): number;
  /** Deaths of its process after which a job is poison; 0: they are not counted. */
  readonly poisonKills: number;
  /** False: take nothing more. */
  mayTake(): boolean;
  /** How many jobs beyond the first a take may bring. */
  room(): number;
  /** A reply put this job into our hands, with what its hash says of what was before. */
  taken(jobId: string, marks: TakenMarks): void;
  /** A reply told what became of the finish, retry or delay of this job; `refused`: the take was no longer ours. */
  settled(jobId: string, refused: boolean, how: Settlement): void;
  /** Wraps what is told of the jobs of one reply. */
  asOneReply(tell: () => void): void;
  /** Our look for jobs whose locks ran out has put these back into the queue: nobody else is told so. */
  stalled(jobIds: readonly string[]): void;
  /** A blocking read came back. */
  cycled(): void;
  /** The store refused this start. */
  fenced(): void;
}

/** An API client's identity: it takes nothing and cannot be fenced. */
export const CLIENT_IDENTITY: BackendIdentity = {
  startId: '',
  stamps: () => '',
  verdict: () => '',
  poisonKills: 0,
  nowMs: () => 0,
  monotonicMs: () => 0,
  mayTake: () => false,
  room: () => 0,
  taken: () => undefined,
  settled: () => undefined,
  asOneReply: (tell) => tell(),
  stalled: () => undefined,
  cycled: () => undefined,
  fenced: () => undefined,
};
