import { MillraceError } from '@millrace/core';
import { bookLine, RunBook } from '../book/run-book.ts';
import type { RunEventLine } from '../events.ts';
import { checkLine, OTHER_SCHEMA } from './check-line.ts';
import { type Line, linesOf } from './lines.ts';

/** More of a file than this in bad lines, and its figures would mislead. */
const MOST_BAD = 0.01;
/** So many may be bad in the shortest file. */
const FEW_BAD = 1;

const unreadable = (name: string, why: string) =>
  new MillraceError('run_unreadable', `${name} cannot be reported on: ${why}`);

interface Bad {
  count: number;
  first: { readonly number: number; readonly fault: string } | null;
}

/** The writer looks at the machine once a second, until the run is over; jobs that end so much later have another clock. */
const SKEW_US = 60_000_000;

const inSeconds = (us: number) => `${(us / 1_000_000).toFixed(1)} s`;

/** What is told of bad lines; throws where they are too many. */
function judgeBad(name: string, { count, first }: Bad, lines: number): string[] {
  if (first === null) return [];
  const where = `line ${first.number} ${first.fault}`;
  if (count > Math.max(FEW_BAD, MOST_BAD * lines))
    throw unreadable(name, `${count} of ${lines} lines are not what an events file holds; ${where}.`);
  const left = count === 1 ? 'It was left out' : `${count} such lines were left out`;
  return [`${name}: ${where}. ${left}.`];
}

function isWhole(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Fills a book from an events file, line by line. */
class EventsReader {
  readonly #book: RunBook;
  readonly #bad: Bad = { count: 0, first: null };
  #lines = 0;
  /** The latest end of a job by its worker's clock, and the writer's latest look by its own. */
  #done = { us: 0, number: 0 };
  #look = { us: 0, number: 0 };
  /** The first end of a job that stands behind a much later one. */
  #back: { readonly us: number; readonly number: number; readonly behind: number } | null = null;
  /** A last line that is none of ours, as it stands: no end of one is missing. */
  #strange: Bad['first'] = null;

  constructor(book: RunBook) {
    this.#book = book;
  }

  read(line: Line): void {
    const checked = checkLine(line.text);
    if ('fault' in checked) {
      this.#refuse(line, checked.fault);
      return;
    }
    this.#lines += 1;
    if (checked.line.event === 'run' && this.#book.run !== null) {
      const why = `line ${line.number} begins a second run. One file is one run: split it there.`;
      throw unreadable(this.#book.name, why);
    }
    this.#noteClocks(checked.line, line.number);
    bookLine(this.#book, checked.line);
  }

  /** The book with its warnings; throws `run_unreadable` when there is too little or too much wrong in it. */
  close(): RunBook {
    const { name, warnings, run, records } = this.#book;
    if (this.#lines + this.#bad.count === 0 && warnings.length === 0)
      throw unreadable(name, 'it is empty. Was the run ended before it began to write?');
    this.#book.linesLeftOut = this.#bad.count;
    warnings.push(...judgeBad(name, this.#bad, this.#lines + this.#bad.count), ...this.#clockWarnings());
    const strange = this.#bad.first ?? this.#strange;
    if (this.#lines === 0 && strange !== null)
      throw unreadable(name, `it is no events file: line ${strange.number} ${strange.fault}.`);
    if (records === 0) throw unreadable(name, 'not one job was done in it.');
    if (run === null)
      warnings.push(`${name}: it has no run line, so that it cannot be compared with other runs.`);
    return this.#book;
  }

  #noteClocks(line: RunEventLine, number: number): void {
    if (line.event === 'job_done') {
      const { done_us: us } = line;
      if (us < this.#done.us - SKEW_US) this.#back ??= { us, number, behind: this.#done.number };
      if (us > this.#done.us) this.#done = { us, number };
    }
    if (line.event === 'metrics' && line.at_us > this.#look.us) this.#look = { us: line.at_us, number };
  }

  #clockWarnings(): string[] {
    const [done, look, back] = [this.#done, this.#look, this.#back];
    if (look.number === 0 && back !== null) {
      const jump = `line ${back.number} tells of a job that was done at ${inSeconds(back.us)}, more than a minute before line ${back.behind} above it`;
      return [`${this.#book.name}: ${jump}: two clocks are mixed, and figures over time mislead.`];
    }
    if (look.number === 0 || done.us < look.us + SKEW_US) return [];
    const told = `line ${done.number} tells of a job that was done at ${inSeconds(done.us)}`;
    return [
      `${this.#book.name}: ${told}, and the run's last metrics, line ${look.number}, are of ${inSeconds(look.us)}: two clocks are mixed, and figures over time mislead.`,
    ];
  }

  #refuse({ number, text, ended }: Line, fault: string): void {
    if (fault.startsWith(OTHER_SCHEMA)) throw unreadable(this.#book.name, `line ${number} ${fault}.`);
    if (!ended) {
      if (isWhole(text) || !text.trimStart().startsWith('{')) this.#strange = { number, fault };
      const start = text.slice(0, 40).trim();
      const said = `line ${number} is cut off (${start}…): what stands before it was used.`;
      this.#book.warnings.push(`${this.#book.name}: ${said}`);
      return;
    }
    this.#bad.count += 1;
    this.#bad.first ??= { number, fault };
  }
}

/**
 * Reads an events file (bench/events.schema.json). A last line that is cut off, and a few bad ones, become warnings;
 * throws `run_unreadable` naming the line where figures would mislead.
 */
export async function readEvents(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  windowMs: number,
): Promise<RunBook> {
  const reader = new EventsReader(new RunBook('jsonl', name, windowMs));
  for await (const lines of linesOf(chunks, name)) {
    for (const line of lines) reader.read(line);
  }
  return reader.close();
}
