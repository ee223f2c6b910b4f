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
  /**
   * Gives `take` the frames that are whole now. A frame's bytes are good only while `take` runs; the chunk is the caller's
   * again after the call. Throws a `RangeError` at what is no frame.
   */
  push(chunk: Buffer, take: (frame: EncodedSpans) => void): void;
}

/** A frame is hardly ever longer; what a longer one needed is given up behind it. */
const HELD_BYTES = 256 * 1024;

export function createFrameReader(): FrameReader {
  /** The beginning of a frame, in the first bytes of a buffer that is used again. */
  let held = Buffer.alloc(0);
  let size = 0;

  /** Takes the whole frames at the beginning of `bytes`; answers where they end. */
  function takeWhole(bytes: Buffer, take: (frame: EncodedSpans) => void): number {
    let at = 0;
    while (bytes.length - at >= FRAME_HEADER_BYTES) {
      const length = bytes.readUInt32LE(at);
      if (length > MAX_FRAME_BYTES) throw new RangeError(`A frame of ${length} bytes`);
      const end = at + FRAME_HEADER_BYTES + length;
      if (end > bytes.length) break;
      take({ bytes: bytes.subarray(at + FRAME_HEADER_BYTES, end), count: bytes.readUInt32LE(at + 4) });
      at = end;
    }
    return at;
  }

  function hold(chunk: Buffer): void {
    if (size + chunk.length > held.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(2 * held.length, size + chunk.length));
      held.copy(larger, 0, 0, size);
      held = larger;
    }
    held.set(chunk, size);
    size += chunk.length;
  }

  return {
    push(chunk, take) {
      if (size === 0) return hold(chunk.subarray(takeWhole(chunk, take)));
      hold(chunk);
      const whole = takeWhole(held.subarray(0, size), take);
      held.copyWithin(0, whole, size);
      size -= whole;
      if (size === 0 && held.length > HELD_BYTES) held = Buffer.alloc(0);
    },
  };
}
