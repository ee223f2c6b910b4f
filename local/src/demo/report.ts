import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import { messageOf } from '@millrace/core';
import {
  DEFAULT_SETTINGS,
  fetchAnswer,
  gatherReports,
  type RunReport,
  renderPage,
  type Sources,
} from '@millrace/measure';

/** Runs whose files are kept in the platform's own folder; older ones go. */
const KEPT_RUNS = 10;
const JAEGER_ANSWER_MS = 30_000;
const OWN_FILE = /^demo-.*\.(jsonl|html)$/;

/** What the report says of a run, in the demo's one line of JSON. Latencies in ms from the scheduled time, sizes in bytes. */
export interface Measured {
  /** Attempts that failed. */
  readonly errors: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  /** Of all worker processes together, before the first kill and after the last recovery. */
  readonly rssSteady: number | null;
  readonly rssPostRecovery: number | null;
}

/** The report on one run: its figures, and the page that shows them. */
export interface WrittenReport {
  readonly measured: Measured;
  /** Null when it could not be written. */
  readonly page: string | null;
  /** Why there is none, or what to know about it: lines for people. */
  readonly notes: readonly string[];
}

const NOTHING: Measured = {
  errors: null,
  p50: null,
  p95: null,
  p99: null,
  rssSteady: null,
  rssPostRecovery: null,
};

/** The file of a run that nobody named one for; its folder is there, and holds only the latest runs. */
export async function ownEventsFile(dir: string, run: string): Promise<string> {
  const folder = join(dir, 'reports');
  await mkdir(folder, { recursive: true });
  const names = (await readdir(folder)).filter((name) => OWN_FILE.test(name));
  const aged = await Promise.all(
    names.map(async (name) => ({ file: join(folder, name), atMs: (await stat(join(folder, name))).mtimeMs })),
  );
  const runs = [...new Set(aged.toSorted((a, b) => b.atMs - a.atMs).map(({ file }) => parse(file).name))];
  const old = new Set(runs.slice(KEPT_RUNS - 1));
  await Promise.all(aged.filter(({ file }) => old.has(parse(file).name)).map(({ file }) => rm(file)));
  return join(folder, `demo-${run}.jsonl`);
}

/** The page beside an events file. */
export function pageFileOf(eventsFile: string): string {
  const { name, ext, base } = parse(eventsFile);
  return join(dirname(eventsFile), `${ext === '.html' ? base : name}.html`);
}

export function measuredOf({ sources: [first] }: RunReport): Measured {
  const { jobs, latency, memory } = first;
  const { total } = latency;
  const round = (ms: number | null) => (ms === null ? null : Math.round(ms * 100) / 100);
  return {
    errors: jobs.failedAttempts,
    p50: round(total.p50),
    p95: round(total.p95),
    p99: round(total.p99),
    rssSteady: memory.steady?.rss ?? null,
    rssPostRecovery: memory.postRecovery?.rss ?? null,
  };
}

/** The traces of a run whose events file says when it was. */
const jaegerSource = (url: string): Sources['jaeger'] => ({
  url: new URL(url),
  get: (at) => fetchAnswer(at, AbortSignal.timeout(JAEGER_ANSWER_MS)),
  fromUs: 0,
  untilUs: 0,
});

/** What the run is thought of, in a line; none for a healthy one. */
function thoughtOf({ diagnosis }: RunReport): string[] {
  const [first] = diagnosis;
  return first === undefined ? [] : [`It shows: ${first.cause.replaceAll('_', ' ')}.`];
}

async function gather(eventsFile: string, jaegerUrl: string | null): Promise<RunReport[]> {
  const files = [{ name: eventsFile, chunks: createReadStream(eventsFile) }];
  const jaeger = jaegerUrl === null ? null : jaegerSource(jaegerUrl);
  return gatherReports({ files, jaeger, runId: null }, DEFAULT_SETTINGS);
}

/**
 * Reads a run's events file, and its traces where there is a Jaeger, and writes the page beside the file. A report that
 * cannot be made fails no run, and traces that cannot be read fail no report.
 */
export async function writeReport(eventsFile: string, jaegerUrl: string | null): Promise<WrittenReport> {
  try {
    const reports = await gather(eventsFile, jaegerUrl);
    const [report] = reports;
    if (report === undefined) return { measured: NOTHING, page: null, notes: [] };
    const notes = report.sources[0].warnings;
    const page = pageFileOf(eventsFile);
    await writeFile(page, await renderPage(reports));
    return { measured: measuredOf(report), page, notes: [...notes, ...thoughtOf(report)] };
  } catch (error) {
    return { measured: NOTHING, page: null, notes: [`There is no report: ${messageOf(error)}`] };
  }
}
