import { defineHandler } from '@millrace/sdk';
import { fillMemory, isDue, mischief } from './_mischief.ts';

/** Takes memory outside of V8's heap until its process's limit ends it: what the kernel sees and V8 does not. */
export default defineHandler({
  queue: 'chaos',
  name: 'hogs',
  input: mischief,
  run: async ({ data, fence }) => (isDue(data, fence) ? fillMemory() : { id: data.id }),
});
