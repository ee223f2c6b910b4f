import { RunBook, type Source } from '../book/run-book.ts';
import { ERROR_TYPE, OPERATION, OUTCOME, RECOVER, RUN_ID, SERVICE_US, TOTAL_US, WEIGHT } from './names.ts';
import { RecoverySpans } from './recovery-spans.ts';
import { CLIENT, CONSUMER, type Span } from './span.ts';

/** One attempt, as its span tells of it. Times are µs since 1970. */
interface Attempt {
  readonly run: string | null;
  readonly startUs: number;
  readonly serviceUs: number;
  readonly totalUs: number;
  readonly weight: number;
  readonly outcome: string;
  readonly error: string | null;
}

interface OwnSpan {
  readonly parent: string | null;
  /** Of a call to others; null for what only groups others. */
  readonly call: { readonly name: string; readonly us: number } | null;
}

/** A handler's span may stand so deep below its attempt's. */
const DEEPEST = 32;
/** Spans of handlers that are kept; calls beyond them are not looked at. */
const MOST_OWN = 200_000;

const isProcess = (span: Span) =>
  span.kind === CONSUMER && (span.text(OPERATION) === 'process' || span.name.startsWith('process '));

function attemptOf(span: Span): Attempt {
  const serviceUs = span.number(SERVICE_US) ?? span.endUs - span.startUs;
  return {
    run: span.text(RUN_ID),
    startUs: span.startUs,
    serviceUs,
    totalUs: Math.max(serviceUs, span.number(TOTAL_US) ?? serviceUs),
    weight: span.number(WEIGHT) ?? 1,
    outcome: span.text(OUTCOME) ?? (span.error === null ? 'completed' : 'failed'),
    error: span.error === null ? null : [span.text(ERROR_TYPE), span.error].filter(Boolean).join(': '),
  };
}

/**
 * Collects spans of any number of runs, each once, however often it is read; keeps of each only what the figures
 * need. Times become those of a run when its book is made.
 */
export class TraceBook {
  readonly #attempts = new Map<string, Attempt>();
  readonly #own = new Map<string, OwnSpan>();
  readonly #recoveries = new RecoverySpans();

  get attempts(): number {
    return this.#attempts.size;
  }

  add(span: Span): void {
    if (isProcess(span)) {
      if (!this.#attempts.has(span.spanId)) this.#attempts.set(span.spanId, attemptOf(span));
    } else if (span.name === RECOVER || this.#recoveries.isPhase(span)) {
      this.#recoveries.add(span);
    } else if (span.text(OPERATION) === null && span.parentSpanId !== null && this.#own.size < MOST_OWN) {
      const call = span.kind === CLIENT ? { name: span.name, us: span.endUs - span.startUs } : null;
      this.#own.set(span.spanId, { parent: span.parentSpanId, call });
    }
  }

  /** The runs there are, the one that began last first; null for spans that name none. */
  runs(): (string | null)[] {
    const firstUs = new Map<string | null, number>();
    for (const { run, startUs } of this.#attempts.values()) {
      firstUs.set(run, Math.min(firstUs.get(run) ?? Number.POSITIVE_INFINITY, startUs));
    }
    return [...firstUs].sort(([, a], [, b]) => b - a).map(([run]) => run);
  }

  /** One run's book. `startedUs`: µs since 1970 of the run's start; null: its first job's. */
  bookOf(
    run: string | null,
    options: {
      readonly source: Source;
      readonly name: string;
      readonly windowMs: number;
      readonly startedUs: number | null;
    },
  ): RunBook {
    const book = new RunBook(options.source, options.name, options.windowMs);
    book.runId = run;
    const attempts = [...this.#attempts.values()].filter((one) => one.run === run);
    const scheduled = ({ startUs, serviceUs, totalUs }: Attempt) => startUs + serviceUs - totalUs;
    const baseUs =
      options.startedUs ??
      attempts.reduce((least, one) => Math.min(least, scheduled(one)), Number.POSITIVE_INFINITY);
    for (const attempt of attempts) bookAttempt(book, attempt, scheduled(attempt) - baseUs, baseUs);
    this.#bookCalls(book, run);
    const lastUs = baseUs + book.lastDoneUs;
    book.tracedDeaths.push(
      ...this.#recoveries.deaths(baseUs, lastUs, (id) => this.#attempts.get(id)?.startUs ?? null),
    );
    return book;
  }

  /** Calls are of the attempt above them. */
  #bookCalls(book: RunBook, run: string | null): void {
    for (const { call, parent } of this.#own.values()) {
      if (call === null) continue;
      const attempt = this.#attemptAbove(parent);
      if (attempt?.run === run) book.calls.call(call.name, call.us, attempt.weight);
    }
  }

  #attemptAbove(spanId: string | null): Attempt | null {
    let above = spanId;
    for (let depth = 0; depth < DEEPEST && above !== null; depth++) {
      const attempt = this.#attempts.get(above);
      if (attempt !== undefined) return attempt;
      above = this.#own.get(above)?.parent ?? null;
    }
    return null;
  }
}

function bookAttempt(book: RunBook, attempt: Attempt, scheduledUs: number, baseUs: number): void {
  const { outcome, startUs, serviceUs, weight, error } = attempt;
  const startedUs = startUs - baseUs;
  if (outcome === 'completed') {
    book.done({ scheduledUs, startedUs, doneUs: startedUs + serviceUs, weight });
    book.calls.handler(serviceUs, weight);
  } else if (outcome === 'killed') book.killed += weight;
  else if (outcome === 'failed' || outcome === 'retried') book.fail(error ?? '', weight);
}
