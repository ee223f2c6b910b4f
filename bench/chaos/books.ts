import { type LedgerLine, LedgerTally, type MarkedData, markedData } from '@millrace/local';
import type { JobTimes } from '@millrace/measure';
import type { Ledger } from '../runner.ts';

/** More jobs than any run offers. */
const MOST = 100_000_000;

/** The ledger of one fault, and the jobs that ended badly in it. */
export interface Account extends Ledger {
  /** Accepted jobs that ended in a final failure. */
  readonly deadLettered: number;
  /** Jobs given back: by a reclaim, a drain, the stalled check. */
  readonly returned: number;
}

interface Booked {
  readonly name: string;
  dueMs: number;
  startedMs: number | null;
  doneMs: number | null;
  accepted: boolean;
}

/**
 * Keeps the books of one fault: what was offered and accepted, and from the ledger what became of it. The ids are
 * ours and travel in the jobs' data, so that what was added twice is seen too.
 */
export class Books {
  readonly #jobs: Booked[] = [];
  readonly #data: MarkedData;
  readonly #tally: LedgerTally;
  readonly #failed = new Map<number, string>();
  #open = 0;

  constructor(run: string, seed: number) {
    this.#data = markedData(run, seed);
    this.#tally = new LedgerTally(MOST, this.#data.idOf);
  }

  /** A new job of the handler `name`, due at `dueMs` (since 1970): its id. */
  due(name: string, dueMs: number): number {
    this.#open += 1;
    return this.#jobs.push({ name, dueMs, startedMs: null, doneMs: null, accepted: false }) - 1;
  }

  /** The data that job `id` goes with; `extra` is the handler's own. */
  dataOf(id: number, extra: object = {}): object {
    return { ...extra, ...this.#data.of(id) };
  }

  accepted(ids: readonly number[]): void {
    for (const id of ids) (this.#jobs[id] as Booked).accepted = true;
  }

  /** Books one entry of the ledger. */
  record(entry: LedgerLine): void {
    const id = this.#tally.add(entry);
    const job = id === null ? undefined : this.#jobs[id];
    if (id === null || job === undefined) return;
    const isEnd = entry.outcome === 'completed' || entry.outcome === 'failed';
    if (!isEnd) return;
    if (job.doneMs === null && !this.#failed.has(id)) this.#open -= 1;
    if (entry.outcome === 'failed') this.#failed.set(id, job.name);
    job.startedMs = entry.startedUs / 1000;
    job.doneMs ??= entry.doneUs / 1000;
  }

  /** Jobs that were offered and have not ended. */
  get open(): number {
    return this.#open;
  }

  /** Times of the jobs of the load, for the windows. */
  times(): readonly JobTimes[] {
    return this.#jobs.filter(({ name }) => name === 'work');
  }

  /** Handlers' names of the jobs that ended in a final failure. */
  get failures(): readonly string[] {
    return [...this.#failed.values()];
  }

  account(): Account {
    const { duplicateCommits, duplicateStarts, returned } = this.#tally.totals();
    const accepted = this.#jobs.filter((job) => job.accepted);
    const ended = accepted.filter(({ doneMs }) => doneMs !== null).length;
    const deadLettered = this.#failed.size;
    return {
      accepted: accepted.length,
      done: ended - deadLettered,
      deadLettered,
      lost: accepted.length - ended,
      duplicateCommits,
      duplicateStarts,
      returned,
    };
  }
}
