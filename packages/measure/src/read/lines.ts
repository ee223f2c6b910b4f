import { MillraceError } from '@millrace/core';

/** A line that is longer is not one of ours: it would be held in memory whole. */
const LONGEST_LINE = 64 * 1024 * 1024;

/** One line of a text, without its end. */
export interface Line {
  readonly number: number;
  readonly text: string;
  /** A line feed ended it: the writer was done with it. */
  readonly ended: boolean;
}

/**
 * Cuts a file's bytes into lines, from 1; blank ones are left out. Holds one line at most. Throws `run_unreadable` for
 * one that is too long.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Line[]> {
  const decoder = new TextDecoder();
  let rest = '';
  let number = 0;
  for await (const chunk of chunks) {
    const parts = decoder.decode(chunk, { stream: true }).split('\n');
    parts[0] = rest + (parts[0] ?? '');
    rest = parts.pop() ?? '';
    if (rest.length > LONGEST_LINE) {
      const why = `line ${number + parts.length + 1} is longer than 64 MiB. Is it an events file?`;
      throw new MillraceError('run_unreadable', `${name} cannot be reported on: ${why}`);
    }
    const lines: Line[] = [];
    for (const text of parts) {
      number += 1;
      if (text.trim() !== '') lines.push({ number, text, ended: true });
    }
    yield lines;
  }
  rest += decoder.decode();
  if (rest.trim() !== '') yield [{ number: number + 1, text: rest, ended: false }];
}
