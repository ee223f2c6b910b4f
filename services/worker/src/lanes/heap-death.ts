/** Node's and V8's words when there is no memory (node_errors.cc, V8's api.cc), and the C++ library's. */
const FULL = /FATAL ERROR: .*out of memory|Fatal process out of memory|std::bad_alloc/i;
/** No line of V8's is longer; what a handler prints without a line break must not pile up here. */
const MAX_CARRY = 1_000;

/** Listens to a process's output for V8's report of a full heap: its stack trace outgrows every tail of lines. */
export function createHeapDeathWatch(): { push(chunk: string): void; readonly seen: boolean } {
  let carry = '';
  let seen = false;
  return {
    push(chunk) {
      if (seen) return;
      const text = carry + chunk;
      seen = FULL.test(text);
      carry = text.slice(text.lastIndexOf('\n') + 1).slice(-MAX_CARRY);
    },
    get seen() {
      return seen;
    },
  };
}
