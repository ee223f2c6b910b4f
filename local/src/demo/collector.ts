import type { Clock } from '@millrace/core';
import { type Api, DemoFailure } from './api.ts';
import type { CountedEntry } from './ledger-tally.ts';

/** A ledger entry as the API tells it. Times are µs since 1970. */
export interface LedgerLine extends CountedEntry {
  readonly name: string;
  readonly worker: string;
  readonly attempt: number;
  readonly enqueuedUs: number;
  readonly takenMs: number;
  readonly startedUs: number;
  readonly doneUs: number;
}

interface Page {
  readonly entries: readonly LedgerLine[];
  readonly cursor: string;
  readonly gap: boolean;
}

const PAGE = 1_000;
const PAUSE_MS = 100;

/**
 * Reads one queue's ledger over HTTP. A page whose answer was lost is asked for again from the same cursor, so
 * every entry is handed on exactly once, in the ledger's order.
 */
export class Collector {
  readonly #api: Api;
  /** Its own resource in the API. */
  readonly path: string;
  #cursor = '';
  /** Entries are missing: the run is void. */
  gap = false;

  constructor(api: Api, queue: string, reader: string) {
    this.#api = api;
    this.path = `/v1/queues/${queue}/ledger/${reader}`;
  }

  /** From now on every ended attempt is kept for us. */
  async register(): Promise<void> {
    const { cursor } = await this.#api.must<{ cursor: string }>({ method: 'PUT', path: this.path });
    if (typeof cursor !== 'string') throw new DemoFailure('the ledger gave no cursor to read from');
    this.#cursor = cursor;
  }

  /** Everything that has been written since the last call. */
  async drain(onEntry: (entry: LedgerLine) => void): Promise<void> {
    for (;;) {
      const path = `${this.path}?cursor=${encodeURIComponent(this.#cursor)}&limit=${PAGE}`;
      const page = await this.#api.must<Page>({ method: 'GET', path });
      this.gap ||= page.gap;
      this.#cursor = page.cursor;
      for (const entry of page.entries) onEntry(entry);
      if (page.entries.length < PAGE) return;
    }
  }

  /** Reads on until `isOver` says so. */
  async follow(
    clock: Clock,
    onEntry: (entry: LedgerLine) => void,
    isOver: () => boolean,
    signal: AbortSignal,
  ): Promise<void> {
    for (;;) {
      await this.drain(onEntry);
      if (this.gap || isOver()) return;
      await clock.sleep(PAUSE_MS, signal);
    }
  }
}
