import { median, quantile } from '@millrace/measure';
import type { Ledger } from '../runner.ts';
import type { SideCounts } from './sink/sink.ts';
import { failuresOf } from './work.ts';

/** A drain's first part is left out: its workers are just waking. */
const WAKING = 0.05;

/** One drain of one side. */
export interface Drain {
  readonly jobs: number;
  /** When each job that ended had ended, in ms of any clock, in no order. */
  readonly endsMs: readonly number[];
  readonly ledger: Ledger;
  /** Processor time of its worker processes and whatever sends their spans, until all spans were sent. */
  readonly cpuMs: number;
  /** Spans that the collector had of it. */
  readonly sent: SideCounts;
  /** From the last job's end until the last span was there. */
  readonly lagMs: number;
}

/** Jobs a second between the waking and the end; null when there is nothing to tell. */
export function rateOf(endsMs: readonly number[]): number | null {
  const sorted = [...endsMs].sort((a, b) => a - b);
  const from = Math.floor(sorted.length * WAKING);
  const tookMs = (sorted.at(-1) ?? 0) - (sorted[from] ?? 0);
  return tookMs > 0 ? ((sorted.length - 1 - from) * 1000) / tookMs : null;
}

/** The ledger of a drain: what was accepted against the ends that the store has seen. */
export function ledgerOf(jobs: number, ended: readonly string[], starts: number): Ledger {
  const done = new Set(ended).size;
  return {
    accepted: jobs,
    done,
    lost: jobs - done,
    duplicateCommits: ended.length - done,
    duplicateStarts: Math.max(0, starts - jobs),
  };
}

/** Median with the quartiles around it. */
export interface Middle {
  readonly median: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly n: number;
}

export function middle(values: readonly (number | null)[]): Middle {
  const there = values.filter((value) => value !== null);
  return {
    median: median(there),
    low: quantile(there, 0.25),
    high: quantile(there, 0.75),
    n: there.length,
  };
}

/** The median of `of ÷ by`, pair by pair: what drifts on the machine drifts on both. */
export function pairedRatio(of: readonly Drain[], by: readonly Drain[]): Middle {
  const pairs = Math.min(of.length, by.length);
  return middle(
    Array.from({ length: pairs }, (_, i) => {
      const above = rateOf(of[i]?.endsMs ?? []);
      const below = rateOf(by[i]?.endsMs ?? []);
      return above === null || below === null ? null : above / below;
    }),
  );
}

const perJob = (drains: readonly Drain[], of: (drain: Drain) => number) => {
  const jobs = drains.reduce((sum, drain) => sum + drain.jobs, 0);
  return jobs === 0 ? null : Math.round((drains.reduce((sum, each) => sum + of(each), 0) / jobs) * 1e4) / 1e4;
};

/** What a side came to. */
export function sideFigures(drains: readonly Drain[]) {
  const names = new Set(drains.flatMap(({ sent }) => Object.keys(sent.byName)));
  const spans = [...names].sort().map((name) => [name, perJob(drains, ({ sent }) => sent.byName[name] ?? 0)]);
  const cpu = perJob(drains, ({ cpuMs }) => cpuMs * 1000);
  return {
    jobsPerSecond: middle(drains.map(({ endsMs }) => rateOf(endsMs))),
    /** Processor µs a job, of the workers and what sends their spans. */
    cpuUsPerJob: cpu === null ? null : Math.round(cpu * 10) / 10,
    spansPerJob: Object.fromEntries(spans) as Record<string, number>,
    bytesPerSpan: bytesPerSpan(drains),
    lagMs: middle(drains.map(({ lagMs }) => lagMs)),
  };
}

function bytesPerSpan(drains: readonly Drain[]): number | null {
  const spans = drains.reduce((sum, { sent }) => sum + sent.spans, 0);
  return spans === 0 ? null : Math.round(drains.reduce((sum, { sent }) => sum + sent.bytes, 0) / spans);
}

export type SideFigures = ReturnType<typeof sideFigures>;

/** A sink that could take less than this times what came is part of what is measured. */
const SPARE = 2;

/** Whether the sink was in the way: it must be able to take more than twice what any drain sent it. */
export function sinkFaults(capacity: number | null, drains: readonly Drain[]): string[] {
  const rates = drains.map(({ endsMs, sent, jobs }) => ((rateOf(endsMs) ?? 0) * sent.spans) / jobs);
  const most = Math.max(0, ...rates);
  if (capacity === null || capacity >= SPARE * most) return [];
  return [
    `the sink takes ${Math.round(capacity)} spans/s, and up to ${Math.round(most)} came: it is in the way, the run is void`,
  ];
}

/** How many spans of a drain are missing where each job is to have its `process` span. */
export const droppedOf = ({ jobs, sent }: Drain): number => jobs - (sent.byName.process ?? 0);

/** How many failed jobs of a drain have no span with status ERROR. */
export const unseenFailures = ({ jobs, sent }: Drain): number => Math.max(0, failuresOf(jobs) - sent.errors);
