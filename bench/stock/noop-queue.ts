import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Clock } from '@millrace/core';
import { dataOf } from '../telemetry/work.ts';
import { Queue } from './library.ts';
import type { NoopProcess } from './noop-process.ts';
import { EVENTS_KEPT, type QueueEnds, takeEnds } from './queue-ends.ts';

const PROGRAM = fileURLToPath(new URL('./noop-process.ts', import.meta.url));

const LOOK_MS = 50;
const BULK = 500;
const KEPT = { count: 1_000 };

/** One stock queue with worker processes that do next to nothing. */
export interface NoopQueue {
  readonly pids: readonly number[];
  /** Puts jobs into the paused queue. */
  fill(jobs: number): Promise<void>;
  /** Lets them run; resolves when none waits or runs, with what the store's events tell. */
  drain(signal: AbortSignal): Promise<QueueEnds>;
  /** Has its processes send the spans that still wait. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

async function startProcess(nodeFile: string, told: NoopProcess): Promise<ChildProcess> {
  const child = fork(PROGRAM, [JSON.stringify(told)], {
    execPath: nodeFile,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const first = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => null)]);
  if (first === null) throw new Error('a stock worker did not start');
  return child;
}

/** Opens the queue and starts `processes` of its workers. */
export async function openNoopQueue(
  told: NoopProcess,
  { processes, nodeFile, clock }: { processes: number; nodeFile: string; clock: Clock },
): Promise<NoopQueue> {
  const { port, prefix, queue: name } = told;
  const queue = new Queue(name, {
    connection: { host: '127.0.0.1', port },
    prefix,
    streams: { events: { maxLen: EVENTS_KEPT } },
    defaultJobOptions: { removeOnComplete: KEPT, removeOnFail: KEPT },
  });
  queue.on('error', () => undefined);
  await queue.waitUntilReady();
  const children = await Promise.all(Array.from({ length: processes }, () => startProcess(nodeFile, told)));
  return {
    pids: children.flatMap(({ pid }) => pid ?? []),
    async fill(jobs) {
      await queue.pause();
      for (let from = 0; from < jobs; from += BULK) {
        const length = Math.min(BULK, jobs - from);
        await queue.addBulk(Array.from({ length }, (_, i) => ({ name: 'noop', data: dataOf(from + i) })));
      }
      await takeEnds(queue);
    },
    async drain(signal) {
      await queue.resume();
      for (;;) {
        const { waiting = 0, wait = 0, active = 0, paused = 0 } = await queue.getJobCounts();
        if (waiting + wait + active + paused === 0) return takeEnds(queue);
        await clock.sleep(LOOK_MS, signal);
      }
    },
    async flush() {
      await Promise.all(
        children.map(async (child) => {
          const flushed = once(child, 'message');
          child.send('flush');
          await flushed;
        }),
      );
    },
    async close() {
      await Promise.all(
        children.map(async (child) => {
          const exited = once(child, 'exit');
          child.disconnect();
          await exited;
        }),
      );
      await queue.close();
    },
  };
}
