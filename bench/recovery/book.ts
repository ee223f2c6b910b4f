import { type LedgerLine, LedgerTally, markedData } from '@millrace/local';
import type { Passage } from '@millrace/measure';
import { checksumOf, parseParameters, planJob, type WorkloadParameters } from '@millrace/workload';
import type { Ledger } from '../runner.ts';
import { SLEEP_MUL } from './settings.ts';

/** An ended attempt, as either side's store tells it. Times are ms since 1970, with fractions where they are known. */
export interface Ended {
  /** The job's id in the store. */
  readonly job: string;
  readonly outcome: 'completed' | 'failed' | 'retried' | 'returned' | 'killed';
  readonly worker: string;
  /** How often the job was taken, this time included. */
  readonly start: number;
  /** When the store handed it out: in whole ms, so up to one early. */
  readonly takenMs: number;
  readonly startedMs: number;
  readonly doneMs: number;
}

/** The parameters of the bench's jobs. Throws when they are none. */
export function jobParameters(seed: number): WorkloadParameters {
  const parsed = parseParameters({ seed, sleep_mul: SLEEP_MUL });
  if (!parsed.ok) throw new Error(`the bench's parameters: ${JSON.stringify(parsed.faults)}`);
  return parsed.value;
}

/** The data of the run's jobs, which the run's name in the filler tells from anybody else's. */
export function jobData(run: string, seed: number) {
  const { of, idOf } = markedData(run, seed);
  return { of: (id: number) => ({ ...of(id), sleep_mul: SLEEP_MUL }), idOf };
}

/** Ids are taken in order and never end before this. */
const MOST_JOBS = 2 ** 31;

/** The books of our side: what was offered and when, and all that the ledger says of it. */
export class Book {
  readonly data: ReturnType<typeof jobData>;
  /** In the ledger's order. */
  readonly ended: Ended[] = [];
  accepted = 0;
  readonly #tally: LedgerTally;
  readonly #parameters: WorkloadParameters;
  /** By the id of the workload: when it could be done at the earliest, and when it first was. */
  readonly #dueMs: number[] = [];
  readonly #doneMs: (number | null)[] = [];

  constructor(run: string, seed: number) {
    this.data = jobData(run, seed);
    this.#parameters = jobParameters(seed);
    this.#tally = new LedgerTally(MOST_JOBS, this.data.idOf);
  }

  /** The next id, offered at `scheduledMs`. */
  offer(scheduledMs: number): number {
    const id = this.#dueMs.length;
    this.#dueMs.push(scheduledMs + planJob(this.#parameters, id).sleepMs);
    this.#doneMs.push(null);
    return id;
  }

  record(entry: LedgerLine): void {
    const id = this.#tally.add(entry);
    if (id === null) return;
    const { id: job, outcome, worker, start, takenMs } = entry;
    const [startedMs, doneMs] = [entry.startedUs / 1000, entry.doneUs / 1000];
    if (outcome === 'completed') this.#doneMs[id] ??= doneMs;
    this.ended.push({ job, outcome, worker, start, takenMs, startedMs, doneMs });
  }

  get done(): number {
    return this.#tally.done;
  }

  get offered(): number {
    return this.#dueMs.length;
  }

  passages(): Passage[] {
    return this.#dueMs.map((dueMs, id) => ({ dueMs, doneMs: this.#doneMs[id] ?? null }));
  }

  /** Every job that is done came to the checksum that it must have. */
  isRight(): boolean {
    let checksum = 0;
    for (const [id, doneMs] of this.#doneMs.entries()) {
      if (doneMs !== null) checksum = (checksum ^ checksumOf(this.#parameters, id)) >>> 0;
    }
    return checksum === this.#tally.totals().checksum;
  }

  ledger(): Ledger {
    const { done, duplicateCommits, duplicateStarts } = this.#tally.totals();
    const { accepted } = this;
    return { accepted, done, lost: Math.max(0, accepted - done), duplicateCommits, duplicateStarts };
  }
}
