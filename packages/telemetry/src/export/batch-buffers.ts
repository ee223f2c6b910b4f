/**
 * One is sent while the next is filled. Buffers that are made anew for each request are 10 MB a second of a pod whose every
 * job is traced: V8 collects all garbage three times a second to be rid of them, 40 % of that pod's processor time.
 */
const MAX_SPARE = 2;
/** Those of large spans are rare, and not kept. */
const MAX_SPARE_BYTES = 2 ** 20;

/** Buffers that batches are filled into, used again. */
export interface BatchBuffers {
  /** One of at least `size` bytes, if it is a new one of just as many. */
  take(size: number): Buffer;
  giveBack(buffer: Buffer): void;
  /** Lets go of what is spare. */
  clear(): void;
}

export function createBatchBuffers(): BatchBuffers {
  let spare: Buffer[] = [];
  return {
    take(size) {
      const at = spare.findIndex(({ length }) => length >= size);
      return spare.splice(at, at < 0 ? 0 : 1)[0] ?? Buffer.allocUnsafeSlow(size);
    },
    giveBack(buffer) {
      if (buffer.length <= MAX_SPARE_BYTES) spare = [...spare, buffer].slice(-MAX_SPARE);
    },
    clear() {
      spare = [];
    },
  };
}
