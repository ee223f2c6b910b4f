import { markOf } from './mark.ts';

/** An entry of the ledger, as far as the books need it. */
export interface LedgerEntry {
  readonly id: string;
  readonly outcome: string;
  readonly data: string;
}

/** What a page of the ledger adds to the verdict. */
export interface PageVerdict {
  /** Jobs of this run that came to their end, each for the first time. */
  readonly ended: number;
  /** Ends beyond the first, of whichever id. */
  readonly duplicates: number;
  /** Words for people, one a duplicate. */
  readonly told: readonly string[];
}

const FINAL = ['completed', 'failed'];

/** The ledger's account of one run: which of its jobs have ended. An entry that is no end (a retry, a kill) counts nothing. */
export class Books {
  readonly #run: string;
  /** Where a job stands that ended already: under which id. */
  readonly #ended = new Map<string, string>();

  constructor(run: string) {
    this.#run = run;
  }

  /** Enters a page. */
  enter(entries: readonly LedgerEntry[]): PageVerdict {
    let ended = 0;
    const told: string[] = [];
    for (const { id, outcome, data } of entries) {
      if (!FINAL.includes(outcome)) continue;
      const mark = markOf(data);
      if (mark?.run !== this.#run) continue;
      const before = this.#ended.get(mark.place);
      if (before === undefined) {
        this.#ended.set(mark.place, id);
        ended += 1;
      } else {
        told.push(`${mark.place} ended twice: as job ${before} and as job ${id}`);
      }
    }
    return { ended, duplicates: told.length, told };
  }
}
