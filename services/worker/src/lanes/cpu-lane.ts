import { MessageChannel } from 'node:worker_threads';
import {
  isMillraceError,
  type Lifecycle,
  type Log,
  lifecycle,
  MillraceError,
  messageOf,
  type Outcome,
} from '@millrace/core';
import { Piscina } from 'piscina';
import { moduleUrl } from '../ipc.ts';
import type { Lane, LaneRun } from './lane.ts';
import { converse, outcomeFromWire, type WireOutcome } from './remote.ts';

/** A function of a handler's `compute` table, and what to call it with. */
export interface ComputeCall {
  readonly file: string;
  readonly fn: string;
  readonly args: readonly unknown[];
}

/** Threads for what would block the event loop: beats, lock renewal and every other job of the process. */
export interface CpuLane extends Lane, Lifecycle {
  /** Resolves with what the function returns; rejects with what it throws, or `abandon`'s reason. */
  compute(call: ComputeCall, abandon: AbortSignal): Promise<unknown>;
}

export interface CpuLaneOptions {
  readonly threads: number;
  /** Handler files that every thread loads as it starts. */
  readonly files: readonly string[];
  readonly log: Log;
}

/**
 * A pool of threads (piscina). A run that is abandoned loses its thread, and the pool starts another: that is the
 * only way to stop code that does not look at its signal.
 */
export function createCpuLane({ threads, files, log }: CpuLaneOptions): CpuLane {
  let pool: Piscina | null = null;

  const open = async () => {
    const opened = new Piscina({
      filename: moduleUrl(import.meta.url, './cpu-thread.ts').href,
      minThreads: threads,
      maxThreads: threads,
      idleTimeout: Number.POSITIVE_INFINITY,
      workerData: { files },
    });
    // A handler's stray throw, outside of any run: its thread is replaced, and the process has no part in it.
    opened.on('error', (error) => log.error({ error: messageOf(error) }, 'A cpu thread died'));
    pool = opened;
  };

  // A destroyed pool would start threads again if it were given work.
  const close = async () => {
    const closing = pool;
    pool = null;
    await closing?.destroy();
  };

  function threadPool(): Piscina {
    if (pool) return pool;
    throw new MillraceError('draining', 'The cpu threads do not run: the process is about to end.');
  }

  async function run(laneRun: LaneRun): Promise<Outcome> {
    const { handler, job, input, abandon } = laneRun;
    const { port1, port2 } = new MessageChannel();
    const conversation = converse(laneRun, (message) => port1.postMessage(message));
    port1.on('message', conversation.receive);
    try {
      const task = { task: { file: handler.file, job, input }, port: port2 };
      const outcome = await threadPool().run(task, {
        name: 'runTask',
        transferList: [port2],
        signal: abandon,
      });
      return outcomeFromWire(outcome as WireOutcome);
    } catch (error) {
      return { kind: 'fail', error: abandoned(laneRun) ?? crashed(error), retry: true };
    } finally {
      conversation.end();
      port1.close();
    }
  }

  function abandoned({ abandon, job, handler }: LaneRun): Error | undefined {
    if (!abandon.aborted) return undefined;
    log.warn({ job: job.id, queue: job.queue, handler: handler.name }, 'A cpu handler lost its thread');
    return abandon.reason as Error;
  }

  return {
    ...lifecycle(open, close),
    run,
    async compute(call, abandon) {
      try {
        return await threadPool().run(call, { name: 'runCompute', signal: abandon });
      } catch (error) {
        throw abandon.aborted ? abandon.reason : error;
      }
    },
  };
}

function crashed(error: unknown): MillraceError {
  if (isMillraceError(error)) return error;
  return new MillraceError('job_crashed', `The thread that ran the handler died: ${messageOf(error)}`, {
    cause: error,
  });
}
