/** A line that is longer is not one of ours: it would be held in memory whole. */
export const LONGEST_LINE = 64 * 1024 * 1024;

/** One line of a text, without its end. */
export interface Line {
  readonly number: number;
  readonly text: string;
  /** A line feed ended it: the writer was done with it. */
  readonly ended: boolean;
}

/** Cuts a stream of bytes into lines, from 1; blank ones are left out. Holds one line at most. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line[]> {
  const decoder = new TextDecoder();
  let rest = '';
  let number = 0;
  for await (const chunk of chunks) {
    const parts = decoder.decode(chunk, { stream: true }).split('\n');
    parts[0] = rest + (parts[0] ?? '');
    rest = parts.pop() ?? '';
    if (rest.length > LONGEST_LINE) throw new RangeError(`line ${number + parts.length + 1} is too long`);
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
