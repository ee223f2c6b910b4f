import type { Clock } from '@millrace/core';

/** Node's and V8's words when there is no memory (node_errors.cc, V8's api.cc), and the C++ library's. */
const FULL = /FATAL ERROR: .*out of memory|Fatal process out of memory|std::bad_alloc/i;
/** No line of V8's is longer; what a handler prints without a line break must not pile up here. */
const MAX_CARRY = 1_000;

/** It ends whose report it is: within ms, or as long as a core takes to write. Older ones were a child's, passed through. */
const LAST_WORDS_MS = 5_000;

/** Whether a process has told lately of a full heap. */
export interface HeapDeathWatch {
  push(chunk: string): void;
  readonly seen: boolean;
}

/** Listens to a process's output for V8's report of a full heap: its stack trace outgrows every tail of lines. */
export function createHeapDeathWatch(clock: Clock): HeapDeathWatch {
  let carry = '';
  let seenMs = Number.NEGATIVE_INFINITY;
  return {
    push(chunk) {
      const text = carry + chunk;
      if (FULL.test(text)) seenMs = clock.monotonicMs();
      carry = text.slice(text.lastIndexOf('\n') + 1).slice(-MAX_CARRY);
    },
    get seen() {
      return clock.monotonicMs() - seenMs <= LAST_WORDS_MS;
    },
  };
}
