import { defineHandler } from '@millrace/sdk';
import { isDue, mischief } from './_mischief.ts';

/** Leaves a rejection that nobody handles: its process ends, and everything in it. */
export default defineHandler({
  queue: 'chaos',
  name: 'rejects',
  input: mischief,
  async run({ data, fence }) {
    if (!isDue(data, fence)) return { id: data.id };
    void Promise.reject(new Error('chaos: a rejection that nobody handles'));
    return new Promise(() => undefined);
  },
});
