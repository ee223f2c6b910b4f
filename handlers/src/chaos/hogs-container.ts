import { readFileSync, writeFileSync } from 'node:fs';
import { defineHandler } from '@millrace/sdk';
import { fillMemory, isDue, mischief } from './_mischief.ts';

const isContainers = () =>
  readFileSync('/proc/1/cmdline', 'latin1').split('\0')[0]?.endsWith('node') === true;

/**
 * Takes memory until the container's limit, and has the kernel end the container's first process for it: so all that is
 * in the container ends with it, which is what cgroup v2 makes of any such end. In a container only.
 */
export default defineHandler({
  queue: 'chaos',
  name: 'hogs-container',
  input: mischief,
  run: async ({ data, fence }) => {
    if (!isDue(data, fence)) return { id: data.id };
    if (!isContainers()) throw new Error('the first process is no pod supervisor: in a container only');
    writeFileSync('/proc/1/oom_score_adj', '1000');
    return fillMemory();
  },
});
