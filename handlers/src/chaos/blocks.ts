import { systemClock } from '@millrace/core';
import { defineHandler } from '@millrace/sdk';
import { isDue, mischief } from './_mischief.ts';

/** Holds its process’s event loop for `ms`: busy, not dead. */
export default defineHandler({
  queue: 'chaos',
  name: 'blocks',
  input: mischief,
  async run({ data, fence }) {
    const endMs = systemClock.monotonicMs() + (isDue(data, fence) ? data.ms : 0);
    while (systemClock.monotonicMs() < endMs);
    return { id: data.id };
  },
});
