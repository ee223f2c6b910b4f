/** The part of a ledger entry that a run's correctness is computed from. */
export interface CountedEntry {
  readonly id: string;
  readonly outcome: 'completed' | 'failed' | 'retried' | 'returned' | 'killed';
  /** How often the job had been taken, this time included. */
  readonly start: number;
  /** JSON of the handler's result, or an error's message. */
  readonly value: string;
  /** JSON of the job's data. */
  readonly data: string;
}

/** The workload id that a job's data carries, or null when the job is not of this run. */
export type OwnId = (data: string) => number | null;

/** What the ledger says of the run's own jobs. */
export interface Totals {
  readonly jobs: number;
  /** Ids that were completed at least once. */
  readonly done: number;
  /** Ids that were never completed. */
  readonly lost: number;
  /** Completions beyond the one that each id has a right to. */
  readonly duplicateCommits: number;
  /** Takes less one for each job, less ordinary retries. */
  readonly duplicateStarts: number;
  /** Jobs given back: those of killed workers, and those a drain handed back. */
  readonly returned: number;
  /** Attempts that ended in a final failure. */
  readonly failed: number;
  /** XOR of the checksums of all completed ids, each counted once. */
  readonly checksum: number;
  /** Completions of jobs that are not of this run. */
  readonly foreign: number;
}

interface Account {
  readonly id: number;
  completions: number;
  checksum: number;
  takes: number;
  retried: number;
  returned: number;
  failed: number;
}

function checksumOf(value: string): number {
  try {
    const checksum = (JSON.parse(value) as { checksum?: unknown } | null)?.checksum;
    return typeof checksum === 'number' ? checksum : 0;
  } catch {
    return 0;
  }
}

/**
 * Keeps the books of one run from ledger entries alone, so that what no client ever heard of (a job that was added
 * twice, a commit that came late) is counted too. The order of the entries does not matter.
 */
export class LedgerTally {
  readonly #jobs: number;
  readonly #ownId: OwnId;
  /** By the job's id in the store; null for jobs of others. */
  readonly #accounts = new Map<string, Account | null>();
  readonly #done = new Set<number>();
  #foreign = 0;

  constructor(jobs: number, ownId: OwnId) {
    this.#jobs = jobs;
    this.#ownId = ownId;
  }

  /** Ids that were completed so far. */
  get done(): number {
    return this.#done.size;
  }

  /** Books one entry; returns the workload id of its job, or null when that is somebody else's. */
  add(entry: CountedEntry): number | null {
    const account = this.#accountOf(entry);
    if (account === null) {
      if (entry.outcome === 'completed') this.#foreign += 1;
      return null;
    }
    account.takes = Math.max(account.takes, entry.start);
    switch (entry.outcome) {
      case 'completed':
        account.completions += 1;
        if (account.completions === 1) account.checksum = checksumOf(entry.value);
        this.#done.add(account.id);
        break;
      case 'failed':
        account.failed += 1;
        break;
      case 'retried':
        account.retried += 1;
        break;
      case 'returned':
      case 'killed':
        account.returned += 1;
        break;
      default:
        entry.outcome satisfies never;
    }
    return account.id;
  }

  totals(): Totals {
    const totals = { duplicateCommits: 0, duplicateStarts: 0, returned: 0, failed: 0, checksum: 0 };
    const counted = new Set<number>();
    for (const account of this.#accounts.values()) {
      if (account === null) continue;
      totals.returned += account.returned;
      totals.failed += account.failed;
      totals.duplicateStarts += Math.max(0, account.takes - 1 - account.retried);
      totals.duplicateCommits += account.completions;
      if (account.completions === 0 || counted.has(account.id)) continue;
      counted.add(account.id);
      totals.duplicateCommits -= 1;
      totals.checksum = (totals.checksum ^ account.checksum) >>> 0;
    }
    const [jobs, done] = [this.#jobs, this.#done.size];
    return { ...totals, jobs, done, lost: jobs - done, foreign: this.#foreign };
  }

  #accountOf(entry: CountedEntry): Account | null {
    const known = this.#accounts.get(entry.id);
    if (known !== undefined) return known;
    const id = this.#ownId(entry.data);
    const blank = { completions: 0, checksum: 0, takes: 0, retried: 0, returned: 0, failed: 0 };
    const account = id === null || id < 0 || id >= this.#jobs ? null : { id, ...blank };
    this.#accounts.set(entry.id, account);
    return account;
  }
}
