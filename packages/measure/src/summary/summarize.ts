import type { RunBook } from '../book/run-book.ts';
import type { Timeline } from '../book/timeline.ts';
import { curveOf, overTime, percentilesOf } from './latencies.ts';
import { throughputOf } from './rates.ts';
import { type BandSettings, recoveriesOf, wholeLossArea } from './recoveries.ts';
import type { JobFigures, RunSummary } from './run-summary.ts';

/** What a reader may choose. */
export type SummarySettings = Pick<BandSettings, 'band' | 'holdMs' | 'windowMs'>;

export const DEFAULT_SETTINGS: SummarySettings = { band: 0.9, holdMs: 1_000, windowMs: 100 };

/** A figure of the run's own configuration; null where it has none. */
export function configured(book: Pick<RunBook, 'run'>, key: string): number | null {
  const value = book.run?.config[key];
  return typeof value === 'number' ? value : null;
}

function jobsOf(book: RunBook, expectedChecksum: number | null): JobFigures {
  const done = Math.round(book.total.weight);
  const jobs = book.source === 'jsonl' ? configured(book, 'jobs') : null;
  const isKnown = expectedChecksum !== null && book.checksum !== null;
  // A line that was left out may hold what is missing from it.
  const right =
    isKnown && (book.linesLeftOut === 0 || expectedChecksum === book.checksum)
      ? expectedChecksum === book.checksum
      : null;
  return {
    done,
    lost: jobs === null ? null : Math.max(0, jobs - done - book.linesLeftOut),
    linesLeftOut: book.linesLeftOut,
    duplicateCommits: book.duplicates,
    failedAttempts: Math.round(book.failed),
    killedAttempts: book.killed,
    refused: book.refused,
    checksum: book.checksum,
    checksumRight: right,
  };
}

function backlogOf(timeline: Timeline): [number, number][] {
  const bins = Math.max(1, Math.round(1_000_000 / timeline.binUs));
  const points: [number, number][] = [];
  let backlog = 0;
  for (let bin = 0; bin * timeline.binUs < timeline.endUs; bin += bins) {
    const { due, started } = timeline.sums(bin, bin + bins);
    backlog += due - started;
    points.push([((bin + bins) * timeline.binUs) / 1_000_000, Math.max(0, Math.round(backlog))]);
  }
  return points;
}

/** A run that is too long for its windows is looked at in wider ones. */
function widened({ name }: RunBook, windowMs: number, askedMs: number): string[] {
  if (windowMs <= askedMs) return [];
  return [`${name}: the run is so long that it was looked at in windows of ${windowMs} ms.`];
}

/** Everything that the books of a run tell, as plain figures. `expectedChecksum`: null where it is not known. */
export function summarize(
  book: RunBook,
  settings: SummarySettings,
  expectedChecksum: number | null = null,
): RunSummary {
  const { timeline } = book;
  const seconds = Math.max(0, book.lastDoneUs - Math.max(0, book.firstUs)) / 1e6;
  const rate = configured(book, 'rate');
  const offered = rate === null || rate === 0 ? null : rate;
  const deaths = book.tracedDeaths.length > 0 ? book.tracedDeaths : book.deathLines.deaths();
  const { wait, service, total } = book;
  const throughput = throughputOf(timeline, settings.windowMs, total.weight, seconds);
  return {
    ...{ name: book.name, source: book.source, records: book.records, run: book.run },
    jaegerUrl: book.jaegerUrl,
    runId: book.run?.run_id ?? book.runId,
    seconds: Math.round(seconds * 1_000) / 1_000,
    jobs: jobsOf(book, expectedChecksum),
    throughput,
    latency: { wait: percentilesOf(wait), service: percentilesOf(service), total: percentilesOf(total) },
    curves: { wait: curveOf(wait), service: curveOf(service), total: curveOf(total) },
    latencyOverTime: { service: overTime(book.services), total: overTime(book.totals) },
    errors: [...book.errors].sort(([, a], [, b]) => b - a).map(([kind, n]) => [kind, Math.round(n)] as const),
    recoveries: recoveriesOf(deaths, timeline, { ...settings, offered }),
    calls: book.calls.figures(),
    lossArea: wholeLossArea(timeline),
    memory: book.memory.facts(),
    backlog: backlogOf(timeline),
    metrics: book.metrics,
    warnings: [...book.warnings, ...widened(book, throughput.windowMs, settings.windowMs)],
  };
}
