import type { Clock } from '@millrace/core';

interface RunningJob {
  startedUs: number | null;
}

/**
 * What this start has in hands: every job that a reply gave to it and whose end no reply has told yet. The store's
 * locks are compared with it after a connection was lost (consumer/audit.ts).
 */
export class RunningJobs {
  readonly #clock: Clock;
  readonly #jobs = new Map<string, RunningJob>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  taken(jobId: string): void {
    this.#jobs.set(jobId, { startedUs: null });
  }

  /** The handler begins now. */
  started(jobId: string): void {
    const job = this.#jobs.get(jobId);
    if (job) job.startedUs = this.#clock.epochUs();
  }

  settled(jobId: string): void {
    this.#jobs.delete(jobId);
  }

  has(jobId: string): boolean {
    return this.#jobs.has(jobId);
  }

  ids(): string[] {
    return [...this.#jobs.keys()];
  }

  get size(): number {
    return this.#jobs.size;
  }

  /** `"<startedUs>:<doneUs>"` for the ledger: done is now. */
  stamps(jobId: string): string {
    const startedUs = this.#jobs.get(jobId)?.startedUs;
    return startedUs ? `${startedUs}:${this.#clock.epochUs()}` : '';
  }
}
