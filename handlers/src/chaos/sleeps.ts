import { systemClock } from '@millrace/core';
import { defineHandler } from '@millrace/sdk';
import { isDue, mischief } from './_mischief.ts';

/** Waits `ms` at the starts that are due, and gives up waiting at its signal. */
export default defineHandler({
  queue: 'chaos',
  name: 'sleeps',
  input: mischief,
  async run({ data, fence, signal }) {
    if (isDue(data, fence)) await systemClock.sleep(data.ms, signal);
    return { id: data.id };
  },
});
