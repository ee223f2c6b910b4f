const NEWLINE = 0x0a;

/** One line of the body. */
export interface Line {
  /** Counts from 1, blank lines too. */
  readonly number: number;
  /** Without its line end; null when it was over the limit, and dropped. */
  readonly bytes: Buffer | null;
}

export interface BatchLimits {
  readonly maxLineBytes: number;
  /** Lines of one batch, and so the most that is held at a time. */
  readonly maxLines: number;
}

/**
 * Cuts a byte stream into lines and hands them on as they arrive, never waiting for a batch to fill. Reads on only
 * when the last batch was dealt with; holds one chunk and one line.
 */
export async function* lineBatches(
  source: AsyncIterable<Buffer>,
  { maxLineBytes, maxLines }: BatchLimits,
): AsyncGenerator<readonly Line[]> {
  let pieces: Buffer[] = [];
  let held = 0;
  let number = 0;
  let batch: Line[] = [];

  const hold = (piece: Buffer) => {
    held += piece.length;
    // Over the limit nothing is kept but the count.
    if (held > maxLineBytes) pieces = [];
    else pieces.push(piece);
  };
  const endLine = () => {
    number++;
    batch.push({ number, bytes: held > maxLineBytes ? null : Buffer.concat(pieces) });
    pieces = [];
    held = 0;
  };

  for await (const chunk of source) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      hold(chunk.subarray(from, end));
      endLine();
      from = end + 1;
      if (batch.length >= maxLines) {
        yield batch;
        batch = [];
      }
    }
    if (from < chunk.length) hold(chunk.subarray(from));
    if (batch.length > 0) yield batch;
    batch = [];
  }
  if (held > 0) {
    endLine();
    yield batch;
  }
}
