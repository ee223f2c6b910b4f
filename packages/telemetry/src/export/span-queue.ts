import type { RequestFrame } from '../encode/request.ts';
import type { EncodedSpans } from '../encode/span-encoder.ts';

/** What one request takes: encoded spans in a buffer of their own, behind the room for what goes ahead of them. */
export interface Batch {
  readonly buffer: Buffer;
  /** Where the last span ends. */
  readonly end: number;
  readonly count: number;
}

/** Spans may be large, a handler's own or those with long stacks: what waits is bounded by its size too, 32 MiB. */
const MAX_QUEUED_BYTES = 32 * 2 ** 20;
/** A collector's gRPC receiver takes 4 MiB unless it was told otherwise, and refuses the whole of more. */
const MAX_BATCH_BYTES = 3 * 2 ** 20;
const FIRST_BYTES = 64 * 1024;
/**
 * One is sent while the next is filled. Buffers that are made anew for each request are 10 MB a second of a pod whose every
 * job is traced: V8 collects all garbage three times a second to be rid of them, 40 % of that pod's processor time.
 */
const MAX_SPARE = 2;
const MAX_SPARE_BYTES = 2 ** 20;

/** Encoded spans that wait for the next request; bounded by their number and their size. */
export interface SpanQueue {
  /** A copy of them is taken in, all or none; says whether it was. */
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
  { ahead, behind }: RequestFrame['room'],
): SpanQueue {
  let waiting: { buffer: Buffer; end: number; count: number }[] = [];
  let spare: Buffer[] = [];
  let count = 0;
  let bytes = 0;

  /** The batch that takes `encoded`: the last while it fits, else a new one. */
  function batchFor(encoded: EncodedSpans) {
    const last = waiting.at(-1);
    const size = encoded.bytes.length;
    const fits = last && last.count + encoded.count <= maxBatch && last.end - ahead + size <= MAX_BATCH_BYTES;
    if (fits) return last;
    const batch = {
      buffer: spare.pop() ?? Buffer.allocUnsafeSlow(ahead + FIRST_BYTES),
      end: ahead,
      count: 0,
    };
    waiting.push(batch);
    return batch;
  }

  function grown(buffer: Buffer, end: number, size: number): Buffer {
    if (end + size + behind <= buffer.length) return buffer;
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * buffer.length, end + size + behind));
    buffer.copy(larger, 0, 0, end);
    return larger;
  }

  return {
    get count() {
      return count;
    },
    add(encoded) {
      const { length } = encoded.bytes;
      if (count + encoded.count > maxQueued || bytes + length > MAX_QUEUED_BYTES) return false;
      const batch = batchFor(encoded);
      batch.buffer = grown(batch.buffer, batch.end, length);
      batch.buffer.set(encoded.bytes, batch.end);
      batch.end += length;
      batch.count += encoded.count;
      count += encoded.count;
      bytes += length;
      return true;
    },
    takeBatch() {
      const batch = waiting.shift() ?? null;
      if (batch !== null) {
        count -= batch.count;
        bytes -= batch.end - ahead;
      }
      return batch;
    },
    giveBack({ buffer }) {
      if (spare.length < MAX_SPARE && buffer.length <= MAX_SPARE_BYTES) spare.push(buffer);
    },
    clear() {
      const cleared = count;
      waiting = [];
      spare = [];
      count = 0;
      bytes = 0;
      return cleared;
    },
  };
}
