import { MillraceError } from '@millrace/core';
import { type RawTraces, type Span, spansOf } from '../traces/span.ts';
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

/**
 * Reads OTLP in JSON, as a collector's file exporter writes it: a batch a line, or one document. Returns warnings; a
 * last line that is cut off is one. Throws `run_unreadable` for a bad line in between, with its number, and for a file
 * that holds no OTLP at all.
 */
export async function readOtlpJson(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  onSpan: (span: Span) => void,
): Promise<string[]> {
  const document = new Document();
  const warnings: string[] = [];
  let isFirst = true;
  let isOtlp = false;
  const take = (traces: RawTraces) => {
    isOtlp ||= Array.isArray(traces.resourceSpans);
    spansOf(traces).forEach(onSpan);
  };
  const read = ({ number, text, ended }: Line) => {
    const traces = document.isOpen ? null : parsed(text);
    if (traces !== null) take(traces);
    else if (document.isOpen || isFirst) document.add(name, text);
    else if (ended) throw unreadable(name, `line ${number} is no JSON.`);
    else warnings.push(`${name}: line ${number} is cut off: what stands before it was used.`);
    isFirst = false;
  };
  for await (const lines of linesOf(chunks, name)) lines.forEach(read);
  if (document.isOpen) take(document.traces(name));
  if (!isOtlp) throw unreadable(name, 'it is garbled: its resourceSpans are no list.');
  return warnings;
}
