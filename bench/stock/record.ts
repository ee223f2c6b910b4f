import type { Passage } from '@millrace/measure';

/** What the store's own event stream of one stock queue tells. Times are ms since 1970, by the store's clock. */
export class StockRecord {
  readonly #starts = new Map<string, number[]>();
  readonly #done = new Map<string, number>();
  /** By the job's id in the store: when it could be done at the earliest. */
  readonly #dueMs = new Map<string, number>();
  duplicateCommits = 0;
  /** XOR of the checksums of all completed jobs, each counted once. */
  checksum = 0;

  accepted(job: string, dueMs: number): void {
    this.#dueMs.set(job, dueMs);
  }

  active(job: string, atMs: number): void {
    const starts = this.#starts.get(job);
    if (starts) starts.push(atMs);
    else this.#starts.set(job, [atMs]);
  }

  completed(job: string, atMs: number, returned: unknown): void {
    if (this.#done.has(job)) {
      this.duplicateCommits += 1;
      return;
    }
    this.#done.set(job, atMs);
    const { checksum = 0 } = (returned ?? {}) as { readonly checksum?: number };
    this.checksum = (this.checksum ^ checksum) >>> 0;
  }

  /** The first start of `job` after `atMs`; null while there is none. */
  startAfter(job: string, atMs: number): number | null {
    return this.#starts.get(job)?.find((startMs) => startMs > atMs) ?? null;
  }

  doneAt(job: string): number | null {
    return this.#done.get(job) ?? null;
  }

  passages(): Passage[] {
    return [...this.#dueMs].map(([job, dueMs]) => ({ dueMs, doneMs: this.doneAt(job) }));
  }

  totals() {
    const accepted = this.#dueMs.size;
    const done = [...this.#dueMs.keys()].filter((job) => this.#done.has(job)).length;
    let duplicateStarts = 0;
    for (const starts of this.#starts.values()) duplicateStarts += starts.length - 1;
    const { duplicateCommits } = this;
    return { accepted, done, lost: accepted - done, duplicateCommits, duplicateStarts };
  }
}
