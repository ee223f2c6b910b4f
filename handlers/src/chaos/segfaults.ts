import { defineHandler } from '@millrace/sdk';
import { isDue, mischief } from './_mischief.ts';

/** Crashes natively in a thread of the cpu lane, which takes the whole process along. */
export default defineHandler({
  queue: 'chaos',
  name: 'segfaults',
  lane: 'cpu',
  input: mischief,
  async run({ data, fence }) {
    if (isDue(data, fence)) process.kill(process.pid, 'SIGSEGV');
    return { id: data.id };
  },
});
