import { isMillraceError, MillraceError } from '@millrace/core';
import type { RunBook, Source } from './book/run-book.ts';
import type { RunEvent } from './events.ts';
import { readEvents } from './read/jsonl.ts';
import { readOtlpJson } from './read/otlp-json.ts';
import { sniff } from './read/sniff.ts';
import { reportOn } from './report.ts';
import type { RunReport } from './summary/run-summary.ts';
import type { SummarySettings } from './summary/summarize.ts';
import { type Get, Jaeger } from './traces/jaeger.ts';
import { TraceBook } from './traces/trace-book.ts';

/** What to report on. */
export interface Sources {
  /** Events files and OTLP-JSON files, in any order. */
  readonly files: readonly { readonly name: string; readonly chunks: AsyncIterable<Uint8Array> }[];
  readonly jaeger: {
    readonly url: URL;
    readonly get: Get;
    /** What to read where no events file says when its run was: µs since 1970. */
    readonly fromUs: number;
    readonly untilUs: number;
  } | null;
  /** Only this run of all that they hold. */
  readonly runId: string | null;
}

/** Spans come late, and clocks of machines differ. */
const MARGIN_US = 5_000_000;

/** A run that an events file tells of: its traces are looked for. */
interface Started {
  readonly run: RunEvent;
  readonly runId: string;
  readonly startedUs: number;
  readonly endUs: number;
}

const startedOf = (books: readonly RunBook[]): Started[] =>
  books.flatMap(({ run, lastDoneUs }) =>
    run === null
      ? []
      : [{ run, runId: run.run_id, startedUs: run.started_unix_us, endUs: run.started_unix_us + lastDoneUs }],
  );

/** Which of the runs that traces hold are reported: those named, those of the events files, or the latest, one a file. */
function chosenRuns(
  traces: TraceBook,
  wanted: string | null,
  started: readonly Started[],
  files: number,
): (string | null)[] {
  const there = traces.runs();
  if (wanted !== null) return there.filter((run) => run === wanted);
  const known = there.filter((run) => started.some(({ runId }) => runId === run));
  if (known.length > 0) return known;
  // Files are given to be reported on, be it beside another run; of a Jaeger beside a file that one run is wanted.
  return started.length > 0 && files === 0 ? [] : there.slice(0, Math.max(1, files));
}

function booksOf(
  traces: TraceBook,
  source: {
    readonly source: Source;
    readonly name: string;
    readonly jaegerUrl: string | null;
    readonly warnings: readonly string[];
    /** How many it is; 0 for a Jaeger. */
    readonly files: number;
  },
  started: readonly Started[],
  { windowMs, runId }: { readonly windowMs: number; readonly runId: string | null },
): RunBook[] {
  const chosen = chosenRuns(traces, runId, started, source.files);
  if (chosen.length === 0) {
    const which = runId ?? started.map((one) => one.runId).join(', ');
    // Only a Jaeger is asked about a time.
    const none = source.source === 'jaeger' ? 'no process span in that time' : 'no process span';
    const why = `it holds ${traces.attempts === 0 ? none : `none of run ${which}`}`;
    throw new MillraceError('run_unreadable', `${source.name} cannot be reported on: ${why}.`);
  }
  return chosen.map((run) => {
    const known = started.find((one) => one.runId === run);
    const book = traces.bookOf(run, { ...source, windowMs, startedUs: known?.startedUs ?? null });
    book.run = known?.run ?? null;
    book.jaegerUrl = source.jaegerUrl;
    const others = traces.runs().length - chosen.length;
    if (runId === null && started.length === 0 && others > 0)
      book.warnings.push(`${source.name} holds ${others} other runs too; name one with --run.`);
    book.warnings.push(...source.warnings);
    return book;
  });
}

/** The events files of the run that is wanted, and what the others are of. */
function ofRun(books: readonly RunBook[], wanted: string | null): { books: RunBook[]; others: string[] } {
  const isWanted = ({ run }: RunBook) => wanted === null || run?.run_id === wanted;
  const others = books.filter((book) => !isWanted(book));
  return {
    books: books.filter(isWanted),
    others: others.map(({ name, run }) => `${name} is of ${run?.run_id ?? 'a run without a name'}`),
  };
}

async function readFiles({ files }: Sources, windowMs: number) {
  const books: RunBook[] = [];
  const traces = new TraceBook();
  const warnings: string[] = [];
  const names: string[] = [];
  for (const { name, chunks: source } of files) {
    const { kind, chunks } = await sniff(source);
    if (kind === 'jsonl') books.push(await readEvents(chunks, name, windowMs));
    else {
      names.push(name);
      warnings.push(...(await readOtlpJson(chunks, name, (span) => traces.add(span))));
    }
  }
  return { books, traces, warnings, names };
}

async function readJaeger(
  { url, get, fromUs, untilUs }: NonNullable<Sources['jaeger']>,
  started: readonly Started[],
  choice: { readonly windowMs: number; readonly runId: string | null },
): Promise<RunBook[]> {
  const jaeger = new Jaeger(url, get);
  const traces = new TraceBook();
  const ranges =
    started.length === 0
      ? [{ fromUs, untilUs }]
      : started.map((one) => ({ fromUs: one.startedUs - MARGIN_US, untilUs: one.endUs + MARGIN_US }));
  for (const range of ranges) await jaeger.read(range, (span) => traces.add(span));
  const { href } = url;
  const source = { source: 'jaeger', name: `Jaeger at ${href}`, jaegerUrl: href, files: 0 } as const;
  return booksOf(traces, { ...source, warnings: jaeger.warnings }, started, choice);
}

const nameOf = ({ run, runId }: RunBook) => run?.run_id ?? runId;

/** The sources of each run together: an events file first. */
function byRun(books: readonly RunBook[]): [RunBook, ...RunBook[]][] {
  const groups: [RunBook, ...RunBook[]][] = [];
  for (const book of books) {
    const isSame = ([first]: readonly [RunBook, ...RunBook[]]) =>
      first.source !== book.source && nameOf(first) !== null && nameOf(first) === nameOf(book);
    const group = groups.find(isSame);
    if (group === undefined) groups.push([book]);
    else group.push(book);
  }
  return groups;
}

/**
 * Reports on everything that the sources hold, run by run, or on the one run that is named. Throws `run_unreadable` with the
 * file and line that cannot be used, or the traces if there is nothing else; beside files that can, it is a warning.
 */
export async function gatherReports(sources: Sources, settings: SummarySettings): Promise<RunReport[]> {
  const { windowMs } = settings;
  const { jaeger, runId } = sources;
  const choice = { windowMs, runId };
  const files = await readFiles(sources, windowMs);
  const { books, others } = ofRun(files.books, runId);
  const started = startedOf(books);
  const without: string[] = [];

  /** Traces that cannot be used, where something else may be. */
  async function add(what: string, isNeeded: boolean, read: () => Promise<RunBook[]> | RunBook[]) {
    try {
      books.push(...(await read()));
    } catch (error) {
      if (isNeeded || !isMillraceError(error, 'run_unreadable')) throw error;
      without.push(`${what}: ${error.message}`);
    }
  }

  if (files.names.length > 0) {
    const name = files.names.join(', ');
    const source = {
      source: 'otlp-json',
      name,
      jaegerUrl: null,
      warnings: files.warnings,
      files: files.names.length,
    } as const;
    await add('the traces of files', runId === null, () => booksOf(files.traces, source, started, choice));
  }
  if (jaeger !== null) {
    const isNeeded = books.length === 0 && runId === null;
    await add("Jaeger's traces", isNeeded, () => readJaeger(jaeger, started, choice));
  }
  if (books.length === 0 && runId !== null) {
    const what = [...others, ...without].map((each) => each.replace(/\.$/, '')).join('; ');
    throw new MillraceError('run_unreadable', `There is nothing of run ${runId} to report on: ${what}.`);
  }
  for (const book of books) book.warnings.push(...without.map((each) => `The report is without ${each}`));
  return byRun(books).map((group) => reportOn(group, settings));
}
