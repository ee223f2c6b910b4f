import { systemClock } from '@millrace/core';
import { defineHandler } from '@millrace/sdk';
import { isDue, mischief } from './_mischief.ts';

/** Kills the process that runs it, as a native crash does, at every start that is due, after `ms`. */
export default defineHandler({
  queue: 'chaos',
  name: 'poison',
  input: mischief,
  async run({ data, fence }) {
    await systemClock.sleep(data.ms);
    if (isDue(data, fence)) process.kill(process.pid, 'SIGSEGV');
    return { id: data.id };
  },
});
