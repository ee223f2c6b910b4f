import type { EncodedSpans } from '@millrace/telemetry';

/**
 * How encoded spans travel from a worker process to its pod supervisor: frames of a header (bytes and spans in the
 * frame, two little-endian 32-bit numbers) and the bytes. Both ends are always of one version: one forks the other.
 */
export const FRAME_HEADER_BYTES = 8;
/** A frame that says it is longer is none: whoever speaks there is not our code. */
export const MAX_FRAME_BYTES = 8 * 1024 * 1024;

export function frameHeader(bytes: number, count: number): Buffer {
  const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
  header.writeUInt32LE(bytes, 0);
  header.writeUInt32LE(count, 4);
  return header;
}

/** Takes a stream apart into its frames, whatever the chunks that it comes in. */
export interface FrameReader {
  /** The frames that are whole now; the bytes are the caller's. Throws a `RangeError` at what is no frame. */
  push(chunk: Buffer): EncodedSpans[];
}

export function createFrameReader(): FrameReader {
  let rest: Buffer = Buffer.alloc(0);

  function next(): EncodedSpans | null {
    if (rest.length < FRAME_HEADER_BYTES) return null;
    const length = rest.readUInt32LE(0);
    if (length > MAX_FRAME_BYTES) throw new RangeError(`A frame of ${length} bytes`);
    const end = FRAME_HEADER_BYTES + length;
    if (rest.length < end) return null;
    const frame = { bytes: rest.subarray(FRAME_HEADER_BYTES, end), count: rest.readUInt32LE(4) };
    rest = rest.subarray(end);
    return frame;
  }

  return {
    push(chunk) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const frames: EncodedSpans[] = [];
      for (let frame = next(); frame !== null; frame = next()) frames.push(frame);
      return frames;
    },
  };
}
