import { type Clock, type Outcome, TransientMap } from '@millrace/core';
import type { Job } from 'bullmq';
import type { Settlement, TakenMarks } from '../backend/identity.ts';

/** One take of a job: the same job taken again is another. */
export interface RunningJob {
  readonly marks: TakenMarks;
  /** By the monotonic clock. */
  readonly takenMs: number;
  startedUs: number | null;
  /** What its run came to, and when the store was first told of that. */
  outcome: Outcome | null;
  endedUs: number | null;
  /** Null until it starts. */
  job: Job | null;
  ending: Ending | null;
}

/**
 * How a failure is remembered: the handler said it is final, or the job is poison, or it was killed and that could not
 * be counted, which is no reason to forgive it what was counted before.
 */
export type Ending = 'final' | 'poison' | 'killed';

const NO_MARKS: TakenMarks = { start: 0, suspect: false, killed: false, past: undefined };

/** Hears of each take whose end the store has accepted. */
export type OnRunEnd = (run: RunningJob, how: Settlement | 'returned') => void;

/**
 * What this start has in hands: every job that a reply gave to it and whose end no reply has told yet. The store's
 * locks are compared with it after a connection was lost (consumer/audit.ts).
 */
export class RunningJobs {
  readonly #clock: Clock;
  readonly #onEnd: OnRunEnd | undefined;
  readonly #jobs = new TransientMap<string, RunningJob>();

  constructor(clock: Clock, onEnd?: OnRunEnd) {
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  taken(jobId: string, marks: TakenMarks = NO_MARKS): void {
    const unbegun = { startedUs: null, outcome: null, endedUs: null, job: null, ending: null };
    this.#jobs.set(jobId, { marks, takenMs: this.#clock.monotonicMs(), ...unbegun });
  }

  /** The handler begins now. */
  started(jobId: string, bullJob: Job): void {
    const job = this.#jobs.get(jobId);
    if (!job) return;
    job.startedUs = this.#clock.epochUs();
    job.job = bullJob;
    // An older run may have spoken until now.
    job.ending = null;
    job.outcome = null;
    job.endedUs = null;
  }

  /** The handler has ended: not what the store makes of it. */
  ran(bullJob: Job, outcome: Outcome): void {
    const job = this.#jobs.get(bullJob.id as string);
    if (job?.job === bullJob) job.outcome = outcome;
  }

  /** The attempt is about to fail, and this is why. */
  ends(jobId: string, ending: Ending): void {
    const job = this.#jobs.get(jobId);
    if (job) job.ending = ending;
  }

  /**
   * A reply told its end. If that was refused and the take in hands has not begun, the end was of an older one: a run
   * begins behind all that its forerunner says (consumer/start-worker.ts).
   */
  settled(jobId: string, refused: boolean, how: Settlement): void {
    const job = this.#jobs.get(jobId);
    if (refused && job?.startedUs === null) return;
    this.#jobs.delete(jobId);
    if (!refused && job) this.#onEnd?.(job, how);
  }

  /** The takes in hands now, of these jobs or of all. */
  takes(jobIds: readonly string[] = this.ids()): ReadonlyMap<string, RunningJob> {
    return new Map(
      jobIds.flatMap((jobId) => {
        const job = this.#jobs.get(jobId);
        return job ? [[jobId, job] as const] : [];
      }),
    );
  }

  /** These takes are not ours any more; a job that this start has taken again meanwhile stays in hands. */
  left(jobIds: readonly string[], takes: ReadonlyMap<string, RunningJob>): void {
    for (const jobId of jobIds) {
      if (this.#jobs.get(jobId) === takes.get(jobId)) this.#jobs.delete(jobId);
    }
  }

  /** The store put these takes back into the queue for us. */
  wentBack(
    jobIds: readonly string[],
    takes: ReadonlyMap<string, RunningJob>,
    how: 'returned' | 'retried',
  ): void {
    this.left(jobIds, takes);
    for (const jobId of jobIds) {
      const job = takes.get(jobId);
      if (job) this.#onEnd?.(job, how);
    }
  }

  /** For how long this start of the job has waited to begin, ms; null when it is not in hands any more. */
  waitedMs(jobId: string, start: number): number | null {
    const job = this.#jobs.get(jobId);
    return job?.marks.start === start ? this.#clock.monotonicMs() - job.takenMs : null;
  }

  has(jobId: string): boolean {
    return this.#jobs.has(jobId);
  }

  /** What the take brought of the job's past. */
  marks(jobId: string): TakenMarks {
    return this.#jobs.get(jobId)?.marks ?? NO_MARKS;
  }

  ids(): string[] {
    return [...this.#jobs.keys()];
  }

  get size(): number {
    return this.#jobs.size;
  }

  /** `"<startedUs>:<doneUs>"` for the ledger: done is now, when it is asked for first. */
  stamps(jobId: string): string {
    const job = this.#jobs.get(jobId);
    if (!job?.startedUs) return '';
    job.endedUs ??= this.#clock.epochUs();
    return `${job.startedUs}:${job.endedUs}`;
  }

  /** For lua/suspicion.lua: 'k' there is suspicion to be cleared, 'f' the end is final, 'p' it is poison. */
  verdict(jobId: string): string {
    const job = this.#jobs.get(jobId);
    if (!job) return '';
    if (job.ending === 'killed') return '';
    if (job.ending === 'poison') return 'p';
    return (job.marks.suspect || job.marks.killed ? 'k' : '') + (job.ending === 'final' ? 'f' : '');
  }
}
