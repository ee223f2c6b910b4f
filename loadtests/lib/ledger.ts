import { sleep } from 'k6';
import exec from 'k6/execution';
import { Books, type LedgerEntry } from './books.ts';
import { call } from './client.ts';
import { metrics, testMs } from './metrics.ts';
import { addressOf, ledgerPath, type Run } from './run.ts';

interface Page {
  readonly entries: readonly LedgerEntry[];
  readonly cursor: string;
  readonly gap: boolean;
}

const PAGE = 1_000;
const EVERY_S = 1;
/** A commit that comes after the last one would be a second one: we listen a little longer. */
const AFTER_S = 1;
const TRIES = 60;

/** The page after `cursor` (null: after what was read last); null when the API does not answer. */
function readPage(run: Run, cursor: string | null): Page | null {
  const after = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
  const answer = call(addressOf(run), 'GET', `${ledgerPath(run)}?limit=${PAGE}${after}`, { name: 'ledger' });
  if (answer.status === 200) return answer.body as Page;
  if (answer.status >= 400 && answer.status < 500) {
    // The reader is gone (dropped after ten silent minutes, or ended by somebody): entries may be, too.
    metrics.gaps.add(1);
    throw new Error(`the ledger cannot be read: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
  return null;
}

/** Reads a run's ledger page by page; what it finds goes into the metrics. */
class LedgerReading {
  readonly #run: Run;
  readonly #books: Books;
  #cursor: string | null = null;

  constructor(run: Run) {
    this.#run = run;
    this.#books = new Books(run.id);
  }

  /** Everything there is now; false when the API did not answer. */
  catchUp(onEnd: (ended: number) => void): boolean {
    for (;;) {
      const page = readPage(this.#run, this.#cursor);
      if (page === null) return false;
      metrics.pages.add(1);
      if (page.gap) metrics.gaps.add(1);
      this.#cursor = page.cursor;
      const { ended, duplicates, told } = this.#books.enter(page.entries);
      for (const words of told) console.error(words);
      if (duplicates > 0) metrics.duplicated.add(duplicates);
      if (ended > 0) onEnd(ended);
      // An empty page also moves the reader's own place to the end, from where teardown goes on.
      if (page.entries.length === 0) return true;
    }
  }

  /** As `catchUp`, again until it is answered. */
  finish(onEnd: (ended: number) => void): void {
    for (let tries = 0; !this.catchUp(onEnd); tries++) {
      if (tries === TRIES) throw new Error('the ledger did not answer: the run has no verdict');
      sleep(EVERY_S);
    }
  }
}

const accountFor = (ended: number) => metrics.unaccounted.add(-ended);

/** The keeper of the books: reads the ledger along with the run, until nobody else is at work any more. */
export function books(run: Run): void {
  if (exec.scenario.iterationInInstance > 0) return;
  const reading = new LedgerReading(run);
  const { durationS, drainS } = run.settings;
  for (;;) {
    reading.catchUp(accountFor);
    const atS = testMs() / 1000;
    const isAlone = exec.instance.vusActive <= 1;
    if ((atS > durationS && isAlone) || atS > durationS + drainS + EVERY_S) break;
    sleep(EVERY_S);
  }
  reading.finish(accountFor);
}

/**
 * What came after the books were closed. Then every followed job had ended, or is unsettled; so an end that is still
 * told is a second one. Without a keeper (`breakpoint`) all of the ledger is read here, for duplicates and gaps alone.
 */
export function closeLedger(run: Run, hadKeeper: boolean): void {
  sleep(AFTER_S);
  new LedgerReading(run).finish((ended) => {
    if (!hadKeeper) return;
    metrics.unaccounted.add(-ended);
    metrics.duplicated.add(ended);
    console.error(`${ended} jobs ended after the books were closed`);
  });
  call(addressOf(run), 'DELETE', ledgerPath(run), { name: 'ledger' });
}
