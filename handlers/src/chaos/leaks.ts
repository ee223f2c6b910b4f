import { defineHandler } from '@millrace/sdk';
import { fillHeap, isDue, mischief } from './_mischief.ts';

/** Fills its process’s heap until V8 gives up. */
export default defineHandler({
  queue: 'chaos',
  name: 'leaks',
  input: mischief,
  run: async ({ data, fence }) => (isDue(data, fence) ? fillHeap() : { id: data.id }),
});
