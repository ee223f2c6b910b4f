import { MillraceError } from '@millrace/core';

/** Longest line of the protocol, newline included, in bytes. */
export const MAX_LINE_BYTES = 64 * 1024;

const NEWLINE = 0x0a;

/** One message as a line. Throws `malformed` when it would be longer than {@link MAX_LINE_BYTES}. */
export function encodeLine(message: object): string {
  const line = `${JSON.stringify(message)}\n`;
  if (Buffer.byteLength(line) > MAX_LINE_BYTES) {
    throw new MillraceError('malformed', `A link message may have ${MAX_LINE_BYTES} bytes; send less.`);
  }
  return line;
}

/** Cuts a byte stream into lines. */
export interface LineReader {
  /** Lines completed by `chunk`, without their newline. Throws `malformed` once a line grows too long. */
  push(chunk: Buffer): string[];
}

/** A reader for one connection; it never holds more than one line's bytes. */
export function createLineReader(maxBytes = MAX_LINE_BYTES): LineReader {
  let held: Buffer[] = [];
  let heldBytes = 0;
  const hold = (piece: Buffer) => {
    heldBytes += piece.length;
    if (heldBytes >= maxBytes) {
      throw new MillraceError('malformed', `A line is longer than ${maxBytes} bytes.`);
    }
    held.push(piece);
  };
  return {
    push(chunk) {
      const lines: string[] = [];
      let from = 0;
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
        hold(chunk.subarray(from, end));
        lines.push(Buffer.concat(held).toString('utf8'));
        held = [];
        heldBytes = 0;
        from = end + 1;
      }
      if (from < chunk.length) hold(chunk.subarray(from));
      return lines;
    },
  };
}

/** A JSON object, or undefined: the line is not one. */
export function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
