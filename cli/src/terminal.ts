import type { Readable, Writable } from 'node:stream';
import type { Paint } from './output/colour.ts';

/** Where a command reads and writes. stdout carries the answer, stderr what is said about it. */
export interface Terminal {
  readonly input: Readable;
  readonly output: Writable;
  readonly errors: Writable;
  /** At which of the three a person sits. */
  readonly isInteractive: { readonly input: boolean; readonly output: boolean; readonly errors: boolean };
  /** Columns of stdout; unlimited when nobody looks, so that nothing is cut in a file. */
  readonly width: number;
  readonly paint: Paint;
  /** Columns and colours of stderr. */
  readonly errorWidth: number;
  readonly errorPaint: Paint;
}

/** Writes a line to stdout. */
export function print(terminal: Terminal, text: string): void {
  terminal.output.write(`${text}\n`);
}

/** Writes a line to stderr. */
export function note(terminal: Terminal, text: string): void {
  terminal.errors.write(`${text}\n`);
}

/** Writes `document` to stdout: indented for a person, on one line for a program. */
export function printJson(terminal: Terminal, document: unknown): void {
  print(terminal, JSON.stringify(document, null, terminal.isInteractive.output ? 2 : 0));
}
