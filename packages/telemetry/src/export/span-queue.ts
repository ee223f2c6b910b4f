import type { RequestEnvelope } from '../encode/request.ts';
import type { EncodedSpans } from '../encode/span-encoder.ts';
import { createBatchBuffers } from './batch-buffers.ts';

/** What one request takes: encoded spans in a buffer of their own, behind the room for what goes ahead of them. */
export interface Batch {
  readonly buffer: Buffer;
  /** Where the last span ends. */
  readonly end: number;
  readonly count: number;
}

/** Spans may be large, a handler's own or those with long stacks: the buffers of all that waits hold 32 MiB at most. */
const MAX_QUEUED_BYTES = 32 * 2 ** 20;
/** A collector's gRPC receiver takes 4 MiB unless it was told otherwise, and refuses the whole of more. */
const MAX_BATCH_BYTES = 3 * 2 ** 20;

/** Encoded spans that wait for the next request; bounded by their number and their size. */
export interface SpanQueue {
  /** Takes in a copy of them before it returns, all or none; says whether it did. */
  add(encoded: EncodedSpans): boolean;
  /** The oldest that fit into one request (at least what came at once); null if none waits. */
  takeBatch(): Batch | null;
  /** Nobody looks at the batch any more: its buffer is used again. */
  giveBack(batch: Batch): void;
  readonly count: number;
  /** Empties it; answers how many were in it. */
  clear(): number;
}

/** `room` is what a request needs around its spans. */
export function createSpanQueue(
  maxQueued: number,
  maxBatch: number,
  { ahead, behind }: RequestEnvelope['room'],
): SpanQueue {
  const buffers = createBatchBuffers();
  let waiting: { buffer: Buffer; end: number; count: number }[] = [];
  let count = 0;
  /** Of the buffers of what waits. */
  let bytes = 0;

  /** The last batch, if it takes `encoded` as well. */
  function openBatch({ bytes: { length }, count: more }: EncodedSpans) {
    const last = waiting.at(-1);
    if (!last || last.count + more > maxBatch || last.end - ahead + length > MAX_BATCH_BYTES) return null;
    return last;
  }

  /** Room in a batch for `length` bytes more; false, and nothing changed, where there may be none. */
  function widen(batch: { buffer: Buffer; end: number }, length: number): boolean {
    const needed = batch.end + length + behind;
    if (needed <= batch.buffer.length) return true;
    const larger = buffers.take(Math.max(needed, 2 * batch.buffer.length));
    const more = larger.length - batch.buffer.length;
    if (bytes + more > MAX_QUEUED_BYTES) {
      buffers.giveBack(larger);
      return false;
    }
    batch.buffer.copy(larger, 0, 0, batch.end);
    batch.buffer = larger;
    bytes += more;
    return true;
  }

  return {
    get count() {
      return count;
    },
    add(encoded) {
      if (count + encoded.count > maxQueued) return false;
      const open = openBatch(encoded);
      const batch = open ?? { buffer: Buffer.alloc(0), end: ahead, count: 0 };
      if (!widen(batch, encoded.bytes.length)) return false;
      if (open === null) waiting.push(batch);
      batch.buffer.set(encoded.bytes, batch.end);
      batch.end += encoded.bytes.length;
      batch.count += encoded.count;
      count += encoded.count;
      return true;
    },
    takeBatch() {
      const batch = waiting.shift() ?? null;
      if (batch !== null) {
        count -= batch.count;
        bytes -= batch.buffer.length;
      }
      return batch;
    },
    giveBack: ({ buffer }) => buffers.giveBack(buffer),
    clear() {
      const cleared = count;
      waiting = [];
      buffers.clear();
      count = 0;
      bytes = 0;
      return cleared;
    },
  };
}
