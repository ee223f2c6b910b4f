import { defineHandler } from '@millrace/sdk';
import { isDue, mischief } from './_mischief.ts';

/** Throws where nobody can catch it: its process ends, and everything in it. */
export default defineHandler({
  queue: 'chaos',
  name: 'throws',
  input: mischief,
  async run({ data, fence }) {
    if (!isDue(data, fence)) return { id: data.id };
    setImmediate(() => {
      throw new Error('chaos: thrown outside of the run');
    });
    return new Promise(() => undefined);
  },
});
