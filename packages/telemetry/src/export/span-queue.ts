import type { EncodedSpans } from '../encode/span-encoder.ts';

/** What one request takes. */
export interface Batch {
  readonly entries: readonly Uint8Array[];
  readonly count: number;
}

/** Encoded spans that wait for the next request; bounded by their number. */
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
  return {
    get count() {
      return count;
    },
    add(encoded) {
      if (count + encoded.count > maxQueued) return false;
      waiting.push(encoded);
      count += encoded.count;
      return true;
    },
    takeBatch() {
      let taken = 0;
      let size = 0;
      for (const each of waiting) {
        if (taken > 0 && size + each.count > maxBatch) break;
        size += each.count;
        taken++;
      }
      if (taken === 0) return null;
      const entries = waiting.slice(0, taken).map(({ bytes }) => bytes);
      waiting = waiting.slice(taken);
      count -= size;
      return { entries, count: size };
    },
    clear() {
      const cleared = count;
      waiting = [];
      count = 0;
      return cleared;
    },
  };
}
