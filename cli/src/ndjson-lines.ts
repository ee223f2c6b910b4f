const NEWLINE = 0x0a;
/** A line longer than this is passed on in pieces instead of being held back; the server refuses it alone. */
const HELD_MAX_BYTES = 1024 * 1024;

/** Some whole lines of the input, ready to send. */
export interface Lines {
  readonly bytes: Buffer;
  /** How many lines end in them. */
  readonly count: number;
}

function countNewlines(bytes: Buffer): number {
  let found = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) found++;
  return found;
}

/**
 * Cuts a byte stream at line ends and holds no more than one chunk and one line, so that a sender may stop
 * between any two pieces without leaving half a line behind.
 */
export async function* wholeLines(source: AsyncIterable<Buffer | string>): AsyncGenerator<Lines> {
  let held: Buffer = Buffer.alloc(0);
  for await (const piece of source) {
    const chunk = Buffer.concat([held, typeof piece === 'string' ? Buffer.from(piece) : piece]);
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    const cut = end > 0 ? end : chunk.length > HELD_MAX_BYTES ? chunk.length : 0;
    held = chunk.subarray(cut);
    if (cut > 0) yield { bytes: chunk.subarray(0, cut), count: countNewlines(chunk.subarray(0, cut)) };
  }
  if (held.length > 0) yield { bytes: held, count: 1 };
}

/** Splits the text of a response into its lines; the rest after the last newline is a line too. */
export async function* textLines(source: AsyncIterable<Buffer | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let held = '';
  for await (const piece of source) {
    held += typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true });
    const lines = held.split('\n');
    held = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield line;
  }
  if (held.trim() !== '') yield held;
}
