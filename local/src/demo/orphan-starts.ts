/** The part of a ledger entry that tells when an orphan ran again. */
export interface StartEntry {
  readonly id: string;
  readonly outcome: string;
  readonly worker: string;
  /** µs since 1970. */
  readonly startedUs: number;
}

/** Follows killed workers' jobs to their next start. Entries of one job must come in the ledger's order. */
export class OrphanStarts {
  /** The worker that a job was last killed with, until it is seen starting again. */
  readonly #waiting = new Map<string, string>();
  readonly #lastMs = new Map<string, number>();

  add(entry: StartEntry): void {
    const killedWith = this.#waiting.get(entry.id);
    if (killedWith !== undefined) {
      this.#waiting.delete(entry.id);
      const startedMs = entry.startedUs / 1000;
      this.#lastMs.set(killedWith, Math.max(this.#lastMs.get(killedWith) ?? 0, startedMs));
    }
    if (entry.outcome === 'killed') this.#waiting.set(entry.id, entry.worker);
  }

  /** When the last of a worker's orphans started again (ms since 1970); null when it had none. */
  lastOf(worker: string): number | null {
    return this.#lastMs.get(worker) ?? null;
  }
}
