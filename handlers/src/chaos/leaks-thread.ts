import { defineHandler } from '@millrace/sdk';
import { fillHeap, isDue, mischief } from './_mischief.ts';

/** Fills the heap of its thread of the cpu lane: only that thread ends. */
export default defineHandler({
  queue: 'chaos',
  name: 'leaks-thread',
  lane: 'cpu',
  input: mischief,
  run: async ({ data, fence }) => (isDue(data, fence) ? fillHeap() : { id: data.id }),
});
