import type { EncodedSpans } from '../encode/span-encoder.ts';

/** What one request takes. */
export interface Batch {
  readonly entries: readonly Uint8Array[];
  readonly count: number;
}

/** Spans may be large, a handler's own or those with long stacks: what waits is bounded by its size too, 32 MiB. */
const MAX_QUEUED_BYTES = 32 * 2 ** 20;
/** A collector's gRPC receiver takes 4 MiB unless it was told otherwise, and refuses the whole of more. */
const MAX_BATCH_BYTES = 3 * 2 ** 20;

/** Encoded spans that wait for the next request; bounded by their number and their size. */
export interface SpanQueue {
  /** How many were taken in: all, or none. */
  add(encoded: EncodedSpans): boolean;
  /** The oldest that fit into one request (at least one entry), joined; null if none waits. */
  takeBatch(): Batch | null;
  readonly count: number;
  /** Empties it; answers how many were in it. */
  clear(): number;
}

export function createSpanQueue(maxQueued: number, maxBatch: number): SpanQueue {
  let waiting: EncodedSpans[] = [];
  let count = 0;
  let bytes = 0;
  return {
    get count() {
      return count;
    },
    add(encoded) {
      const { length } = encoded.bytes;
      if (count + encoded.count > maxQueued || bytes + length > MAX_QUEUED_BYTES) return false;
      waiting.push(encoded);
      count += encoded.count;
      bytes += length;
      return true;
    },
    takeBatch() {
      let taken = 0;
      let spans = 0;
      let size = 0;
      for (const each of waiting) {
        const isMore = spans + each.count > maxBatch || size + each.bytes.length > MAX_BATCH_BYTES;
        if (taken > 0 && isMore) break;
        spans += each.count;
        size += each.bytes.length;
        taken++;
      }
      if (taken === 0) return null;
      const entries = waiting.slice(0, taken).map(({ bytes }) => bytes);
      waiting = waiting.slice(taken);
      count -= spans;
      bytes -= size;
      return { entries, count: spans };
    },
    clear() {
      const cleared = count;
      waiting = [];
      count = 0;
      bytes = 0;
      return cleared;
    },
  };
}
