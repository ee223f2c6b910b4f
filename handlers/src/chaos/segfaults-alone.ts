import { defineHandler } from '@millrace/sdk';
import { isDue, mischief } from './_mischief.ts';

/** Crashes natively in a process of its own: nobody else is harmed. */
export default defineHandler({
  queue: 'chaos',
  name: 'segfaults-alone',
  isolation: 'process',
  input: mischief,
  async run({ data, fence }) {
    if (isDue(data, fence)) process.kill(process.pid, 'SIGSEGV');
    return { id: data.id };
  },
});
