import type { Host } from '@millrace/local';

/** What a bench is asked for. */
export interface BenchOptions {
  /** A smoke under 60 s: every part runs, nothing is a figure. */
  readonly quick: boolean;
  /** How long the measured part may take; null is the bench's own choice (bench/README.md). */
  readonly seconds: number | null;
  /** Parts to run instead of all, by name; null runs all. A bench without parts takes no notice. */
  readonly only: readonly string[] | null;
  /** Of everything that is drawn. */
  readonly seed: number;
  /** The process that the bench runs in: environment, clock, streams. */
  readonly host: Host;
  /** Aborts when the user wants to stop: the bench then ends what it started and rejects. */
  readonly signal: AbortSignal;
}

/** Where a bench tells how far it is; nothing of it reaches stdout. */
export interface BenchReport {
  /** The state of things: one line that is written over on a terminal, now and then a line elsewhere. */
  progress(line: string): void;
  /** News that stay. */
  note(line: string): void;
}

/** The exact-delivery ledger of one side. `lost` and `duplicateCommits` void a run unless both are 0. */
export interface Ledger {
  readonly accepted: number;
  readonly done: number;
  readonly lost: number;
  readonly duplicateCommits: number;
  readonly duplicateStarts: number;
}

/** The ledger of several trials together. */
export function sumOfLedgers(trials: readonly { readonly ledger: Ledger }[]): Ledger {
  const of = (key: keyof Ledger) => trials.reduce((sum, { ledger }) => sum + ledger[key], 0);
  return {
    accepted: of('accepted'),
    done: of('done'),
    lost: of('lost'),
    duplicateCommits: of('duplicateCommits'),
    duplicateStarts: of('duplicateStarts'),
  };
}

/** A figure that could not be had is null; absent is what the bench does not measure. */
export type Figures = {
  readonly [name: string]: number | null | boolean | string | readonly unknown[] | Figures;
};

/** What a bench found. */
export interface BenchResult {
  /** Ours ÷ stock, less is better unless its name says otherwise; with an interval where there are pairs. */
  readonly ratio: Readonly<Record<string, number | null>>;
  readonly ours: Figures;
  /** Null where there is nothing to compare with. */
  readonly stock: Figures | null;
  /** One entry for each measurement that was made on both sides. */
  readonly pairs: readonly Figures[];
  readonly ledger: Ledger;
  /** Why the run is void or a gate is missed, a sentence each; none: exit code 0. */
  readonly faults: readonly string[];
  /** The result for people, some lines of text. */
  readonly table: string;
}

/** One benchmark: `bench/<name>/main.ts` exports it as `bench`, and `npm run bench -- <name>` finds it there. */
export interface Bench {
  readonly name: string;
  /** One line for the list. */
  readonly describe: string;
  run(options: BenchOptions, report: BenchReport): Promise<BenchResult>;
}
