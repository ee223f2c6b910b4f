import type { MetricsEvent, RunEvent, RunEventLine } from '../events.ts';
import { Histogram } from '../figures/histogram.ts';
import { IdSet } from '../figures/id-set.ts';
import { CallBook } from './call-book.ts';
import { type Death, DeathBook } from './death-book.ts';
import { LatencySeries } from './latency-series.ts';
import { MemoryBook } from './memory-book.ts';
import { Timeline } from './timeline.ts';

/** Where figures come from: it is stated beside every one of them. */
export type Source = 'jsonl' | 'jaeger' | 'otlp-json';

/** Metrics lines that are kept; of a longer run, those of every second second go, and again. */
const MOST_METRICS = 60_000;
/** Kinds of errors that are told apart. */
const MOST_ERRORS = 100;
const OTHER_ERRORS = 'others';

/** A job that was done right. Times are µs since the run's start. */
export interface DoneJob {
  readonly scheduledUs: number;
  readonly startedUs: number;
  readonly doneUs: number;
  readonly weight: number;
}

/** An error's kind: its first line, without what differs from job to job. */
export function errorKind(error: string): string {
  const line = (error.split('\n', 1)[0] ?? '').replaceAll(/\d+/g, 'n').trim();
  return line.length > 80 ? `${line.slice(0, 79)}…` : line || 'without a message';
}

/**
 * The books of one run, in memory that does not grow with its jobs (a bit for each id apart). Readers fill it,
 * `summarize` reads it.
 */
export class RunBook {
  readonly source: Source;
  readonly name: string;
  run: RunEvent | null = null;
  /** Of the traces that were read. */
  runId: string | null = null;
  /** Base URL of the Jaeger that it was read from. */
  jaegerUrl: string | null = null;
  readonly timeline: Timeline;
  readonly wait = new Histogram();
  readonly service = new Histogram();
  readonly total = new Histogram();
  readonly totals = new LatencySeries();
  readonly services = new LatencySeries();
  readonly memory = new MemoryBook();
  readonly deathLines = new DeathBook();
  /** Deaths that traces tell of. */
  readonly tracedDeaths: Death[] = [];
  readonly calls = new CallBook();
  readonly warnings: string[] = [];
  /** Lines that could not be read: each may have told of a job. */
  linesLeftOut = 0;
  readonly errors = new Map<string, number>();
  /** Attempts that failed; of them, those that another followed, where that is known. */
  failed = 0;
  retried = 0;
  refused = 0;
  killed = 0;
  /** Completions beyond the one that an id has a right to. */
  duplicates = 0;
  checksum: number | null = null;
  firstUs = Number.POSITIVE_INFINITY;
  lastDoneUs = Number.NEGATIVE_INFINITY;
  /** Records that figures were made from. */
  records = 0;
  readonly ids = new IdSet();
  #metrics: MetricsEvent[] = [];
  #metricsStride = 1;

  constructor(source: Source, name: string, windowMs: number) {
    this.source = source;
    this.name = name;
    this.timeline = new Timeline(windowMs * 1_000);
  }

  get metrics(): readonly MetricsEvent[] {
    return this.#metrics;
  }

  done(job: DoneJob): void {
    const { scheduledUs, startedUs, doneUs, weight } = job;
    this.records += 1;
    this.firstUs = Math.min(this.firstUs, scheduledUs);
    this.lastDoneUs = Math.max(this.lastDoneUs, doneUs);
    this.timeline.add({ scheduledUs, startedUs, doneUs, weight });
    this.wait.record(startedUs - scheduledUs, weight);
    this.service.record(doneUs - startedUs, weight);
    this.total.record(doneUs - scheduledUs, weight);
    this.totals.add(doneUs, doneUs - scheduledUs, weight);
    this.services.add(doneUs, doneUs - startedUs, weight);
  }

  fail(error: string, weight = 1): void {
    this.failed += weight;
    const kind = errorKind(error);
    const known = this.errors.has(kind) || this.errors.size < MOST_ERRORS ? kind : OTHER_ERRORS;
    this.errors.set(known, (this.errors.get(known) ?? 0) + weight);
  }

  addMetrics(event: MetricsEvent): void {
    if (event.at_us < 0) return;
    if (!this.#isKept(event)) return;
    this.#metrics.push(event);
    if (this.#metrics.length < MOST_METRICS) return;
    this.#metricsStride *= 2;
    this.#metrics = this.#metrics.filter((one) => this.#isKept(one));
  }

  /** By whole seconds: a second's lines tell of each other. */
  #isKept({ at_us }: MetricsEvent): boolean {
    return Math.floor(at_us / 1_000_000) % this.#metricsStride === 0;
  }
}

/** Books one line of an events file. */
export function bookLine(book: RunBook, line: RunEventLine): void {
  switch (line.event) {
    case 'run':
      book.run = line;
      break;
    case 'job_done': {
      book.deathLines.started(line.id, line.started_us);
      if (!book.ids.add(line.id)) {
        book.duplicates += 1;
        break;
      }
      book.checksum = ((book.checksum ?? 0) ^ line.checksum) >>> 0;
      const { scheduled_us: scheduledUs, started_us: startedUs, done_us: doneUs } = line;
      book.done({ scheduledUs, startedUs, doneUs, weight: 1 });
      break;
    }
    case 'job_failed':
      book.deathLines.started(line.id, line.started_us ?? line.at_us);
      book.fail(line.error);
      break;
    case 'job_killed':
      book.killed += 1;
      book.deathLines.killed(line);
      break;
    case 'refused':
      book.refused += 1;
      break;
    case 'worker_crash':
      book.deathLines.crash(line);
      break;
    case 'worker_restart':
      book.deathLines.restart(line);
      break;
    case 'rss':
      book.memory.add(line);
      break;
    case 'metrics':
      book.addMetrics(line);
      break;
    default:
      line satisfies never;
  }
}
