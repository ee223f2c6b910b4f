import { MillraceError } from '@millrace/core';
import { type RawTraces, readSpans, type Span } from '../traces/span.ts';
import { type Line, linesOf } from './lines.ts';

/** A document over many lines is held whole. */
const LONGEST_DOCUMENT = 256 * 1024 * 1024;

const unreadable = (name: string, why: string) =>
  new MillraceError('run_unreadable', `${name} cannot be reported on: ${why}`);

function parsed(text: string): RawTraces | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as RawTraces) : null;
  } catch {
    return null;
  }
}

/** A file that is one document over many lines: known by its first line, which is none alone. */
class Document {
  #text = '';

  get isOpen(): boolean {
    return this.#text !== '';
  }

  add(name: string, text: string): void {
    this.#text += `${text}\n`;
    if (this.#text.length > LONGEST_DOCUMENT)
      throw unreadable(name, 'one document of more than 256 MiB. Write one line a batch instead.');
  }

  traces(name: string): RawTraces {
    const document = parsed(this.#text);
    if (document === null) throw unreadable(name, 'it is neither JSON lines nor one JSON document.');
    return document;
  }
}

/** More than this of a file in bad lines or spans, and its figures would mislead. */
const MOST_BAD = 0.01;
/** So many may be bad in the shortest file. */
const FEW_BAD = 1;

/** Counts what cannot be used, of lines or of spans. */
class Tally {
  readonly #what: string;
  #all = 0;
  #bad = 0;
  #first = '';

  constructor(what: string) {
    this.#what = what;
  }

  count(all: number, bad: number, fault: string): void {
    this.#all += all;
    this.#bad += bad;
    if (bad > 0) this.#first ||= fault;
  }

  /** A warning where a few are bad; throws where they are too many. */
  warnings(name: string): string[] {
    if (this.#bad === 0) return [];
    const told = `${this.#bad} of ${this.#all} ${this.#what} cannot be used: ${this.#first}`;
    if (this.#bad > Math.max(FEW_BAD, MOST_BAD * this.#all)) throw unreadable(name, `${told}.`);
    return [`${name}: ${told}. What is left was used.`];
  }
}

/** Takes the batches of one file. */
class OtlpReader {
  readonly #name: string;
  readonly #onSpan: (span: Span) => void;
  readonly #document = new Document();
  readonly #lines = new Tally('lines');
  readonly #spans = new Tally('spans');
  readonly #warnings: string[] = [];
  #isOtlp = false;
  #isFirst = true;

  constructor(name: string, onSpan: (span: Span) => void) {
    this.#name = name;
    this.#onSpan = onSpan;
  }

  read({ number, text, ended }: Line): void {
    const traces = this.#document.isOpen ? null : parsed(text);
    if (traces !== null) this.#take(traces, number);
    else if (this.#document.isOpen || this.#isFirst) this.#document.add(this.#name, text);
    else if (ended) this.#lines.count(1, 1, `line ${number} is no JSON`);
    else this.#warnings.push(`${this.#name}: line ${number} is cut off: what stands before it was used.`);
    this.#isFirst = false;
  }

  close(): string[] {
    if (this.#document.isOpen) this.#take(this.#document.traces(this.#name), 1);
    if (!this.#isOtlp) throw unreadable(this.#name, 'it is garbled: its resourceSpans are no list.');
    return [...this.#lines.warnings(this.#name), ...this.#spans.warnings(this.#name), ...this.#warnings];
  }

  #take(traces: RawTraces, number: number): void {
    const isBatch = Array.isArray(traces.resourceSpans);
    this.#isOtlp ||= isBatch;
    this.#lines.count(1, isBatch ? 0 : 1, `line ${number} has no resourceSpans`);
    const { spans, bad } = readSpans(traces);
    const fault = `in line ${number}, one without ids, a name, times of a run or a weight from 1 on`;
    this.#spans.count(spans.length + bad, bad, fault);
    spans.forEach(this.#onSpan);
  }
}

/**
 * Reads OTLP in JSON, as a collector's file exporter writes it: a batch a line, or one document. Returns warnings: of a
 * last line that is cut off, and of a few lines and spans that cannot be used. Throws `run_unreadable` with the number of the
 * first bad line where they are more, and for a file that holds no OTLP at all.
 */
export async function readOtlpJson(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  onSpan: (span: Span) => void,
): Promise<string[]> {
  const reader = new OtlpReader(name, onSpan);
  for await (const lines of linesOf(chunks, name)) {
    for (const line of lines) reader.read(line);
  }
  return reader.close();
}
