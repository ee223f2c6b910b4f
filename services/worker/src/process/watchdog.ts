import { fstatSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { LIFELINE_FD, moduleUrl } from '../ipc.ts';

/**
 * Ties this process's life to its parent's: a thread of its own reads the lifeline, and at its end kills the whole
 * process with SIGKILL. A thread, because the main one may be blocked for ever by a handler; SIGKILL, because
 * nothing is left to report to, and jobs of a pod that is gone are given away by the supervisor.
 * Throws when there is no lifeline: such a process would outlive its parent unseen.
 */
export function tieToParent(): void {
  fstatSync(LIFELINE_FD);
  const thread = new Worker(moduleUrl(import.meta.url, './watchdog-thread.ts'), {
    name: 'watchdog',
    workerData: { fd: LIFELINE_FD, pid: process.pid },
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
  });
  thread.unref();
}
