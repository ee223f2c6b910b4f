import type { MemoryFacts } from '../book/memory-book.ts';
import type { Source } from '../book/run-book.ts';
import type { Finding, Signature } from '../diagnosis/finding.ts';
import type { MetricsEvent, RunEvent } from '../events.ts';

/** Percentiles of one duration, in ms; null where nothing was measured. */
export interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** How many jobs they stand for. */
  readonly n: number;
}

/** A percentile curve: at each share (0 to 1), the duration in ms. */
export type Curve = readonly (readonly [share: number, ms: number])[];

export interface LatencyFigures {
  /** From the scheduled time until the handler began. */
  readonly wait: Percentiles;
  /** The handler. */
  readonly service: Percentiles;
  /** From the scheduled time until the end. */
  readonly total: Percentiles;
}

/** Latency in one part of a run. */
export interface LatencyPoint {
  readonly atS: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** Jobs done per second in one window. */
export interface RatePoint {
  readonly atS: number;
  readonly rate: number;
}

export interface ThroughputFigures {
  /** Jobs done ÷ time, from the first job due to the last one done. */
  readonly mean: number;
  readonly windowMs: number;
  readonly byWindow: readonly RatePoint[];
  readonly bySecond: readonly RatePoint[];
  /** Standard deviation ÷ mean of the whole seconds in between; null with fewer than two. */
  readonly variation: number | null;
  readonly least: number | null;
  readonly most: number | null;
}

/** Time until a run was in its band again; ms from the death, null when it was not before the run ended. */
export interface BandFigures {
  readonly throughputMs: number | null;
  readonly wholeMs: number | null;
  /** The rate of the time before. */
  readonly baseline: number;
}

/** One worker's death and the way back. Times are ms from the death; null where nothing tells. */
export interface RecoveryFigures {
  readonly worker: string;
  readonly cause: string | null;
  readonly slot: number | null;
  readonly atMs: number;
  readonly orphans: number;
  readonly detectMs: number | null;
  readonly fenceMs: number | null;
  readonly reclaimMs: number | null;
  readonly respawnMs: number | null;
  readonly firstOrphanMs: number | null;
  readonly lastOrphanMs: number | null;
  /** Job-seconds beyond those of the time before, until the next death or the end. */
  readonly lossArea: number;
  /** Null where the deaths were too close together, or the time before was too short. */
  readonly band: BandFigures | null;
  readonly traceId: string | null;
}

/** Calls that handlers made of others, as traces tell of them. */
export interface CallFigures {
  readonly name: string;
  /** Share of the handlers' time, of those whose calls are known. */
  readonly share: number;
  readonly meanMs: number;
}

export interface JobFigures {
  readonly done: number;
  /**
   * Jobs of the run that were never done, less those of which a line that was left out may tell; null where the run does not
   * say how many it had.
   */
  readonly lost: number | null;
  readonly linesLeftOut: number;
  readonly duplicateCommits: number;
  readonly failedAttempts: number;
  readonly killedAttempts: number;
  readonly refused: number;
  readonly checksum: number | null;
  /** Null where it cannot be known. */
  readonly checksumRight: boolean | null;
}

/** What one source tells of one run. */
export interface RunSummary {
  readonly name: string;
  readonly source: Source;
  /** Where its traces can be looked at; null where it was made of none, or of a file's. */
  readonly jaegerUrl: string | null;
  /** Records that the figures were made from: below the jobs where they were sampled. */
  readonly records: number;
  readonly run: RunEvent | null;
  readonly runId: string | null;
  readonly seconds: number;
  readonly jobs: JobFigures;
  readonly throughput: ThroughputFigures;
  readonly latency: LatencyFigures;
  readonly curves: { readonly wait: Curve; readonly service: Curve; readonly total: Curve };
  readonly latencyOverTime: {
    readonly service: readonly LatencyPoint[];
    readonly total: readonly LatencyPoint[];
  };
  /** Failed attempts by kind, the most frequent first. */
  readonly errors: readonly (readonly [kind: string, count: number])[];
  readonly recoveries: readonly RecoveryFigures[];
  /** The most time-consuming first; none where no traces were read. */
  readonly calls: readonly CallFigures[];
  /** Over the whole run, in job-seconds. */
  readonly lossArea: number;
  readonly memory: MemoryFacts;
  /** Jobs due and not started, at the end of each second. */
  readonly backlog: readonly (readonly [atS: number, jobs: number])[];
  readonly metrics: readonly MetricsEvent[];
  readonly warnings: readonly string[];
}

/** One figure of a run as two sources tell it. */
export interface Agreement {
  readonly figure: string;
  readonly unit: 'ms' | 'jobs/s' | 'jobs';
  /** Of the first source, and of the other. */
  readonly first: number;
  readonly other: number;
  readonly otherSource: Source;
  /** The other ÷ the first, less 1; null where the first is 0. */
  readonly difference: number | null;
}

/** A run as all its sources tell it, with what is thought of it. */
export interface RunReport {
  readonly runId: string | null;
  readonly name: string;
  /** The most exact first: an events file before traces. */
  readonly sources: readonly [RunSummary, ...RunSummary[]];
  /** As all sources together tell them. */
  readonly recoveries: readonly RecoveryFigures[];
  readonly calls: readonly CallFigures[];
  /** None with one source. */
  readonly agreement: readonly Agreement[];
  readonly signature: Signature;
  readonly diagnosis: readonly Finding[];
}
