import { MessageChannel } from 'node:worker_threads';
import { type Lifecycle, type Log, lifecycle, MillraceError, messageOf, type Outcome } from '@millrace/core';
import type { TelemetrySettings } from '@millrace/telemetry';
import { Piscina } from 'piscina';
import { moduleUrl } from '../ipc.ts';
import type { ThreadData, ThreadEnd } from './cpu-thread.ts';
import type { Lane, LaneRun } from './lane.ts';
import { converse, outcomeFromWire } from './remote.ts';
import { createRunMark, deathOfThread, type RunMark } from './thread-death.ts';
import type { Verdict } from './verdict.ts';

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
  /** How handlers' own spans are made; null: they are not. */
  readonly tracing: TelemetrySettings | null;
  readonly verdict: Verdict;
  readonly log: Log;
}

/**
 * A pool of threads (piscina), each with one run at a time. A run that is abandoned loses its thread, and the pool
 * starts another: that is the only way to stop code that does not look at its signal.
 */
export function createCpuLane({ threads, files, tracing, verdict, log }: CpuLaneOptions): CpuLane {
  let pool: Piscina | null = null;

  const open = async () => {
    const opened = new Piscina({
      filename: moduleUrl(import.meta.url, './cpu-thread.ts').href,
      minThreads: threads,
      maxThreads: threads,
      // Whoever shares a thread shares its death: with one run to a thread it is known whose it was.
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      workerData: { files, tracing } satisfies ThreadData,
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
    const { handler, job, data, tracing: own, abandon } = laneRun;
    const { port1, port2 } = new MessageChannel();
    const conversation = converse(laneRun, (message) => port1.postMessage(message));
    const mark = createRunMark();
    port1.on('message', conversation.receive);
    try {
      const task = {
        task: { file: handler.file, job, data, trace: own.context() },
        port: port2,
        mark: mark.buffer,
      };
      const options = { name: 'runTask', transferList: [port2], signal: abandon };
      const { outcome, spans } = (await threadPool().run(task, options)) as ThreadEnd;
      own.adopt(spans);
      return outcomeFromWire(outcome);
    } catch (error) {
      return ofDeadThread(laneRun, error, mark);
    } finally {
      conversation.end();
      port1.close();
    }
  }

  /** A run in a thread never rejects by itself: the thread is gone. */
  function ofDeadThread(laneRun: LaneRun, error: unknown, { heapLimitBytes, isStray }: RunMark): Outcome {
    const { abandon, job, handler } = laneRun;
    const fields = { job: job.id, queue: job.queue, handler: handler.name };
    if (abandon.aborted) {
      log.warn(fields, 'A cpu handler lost its thread');
      return { kind: 'fail', error: abandon.reason, retry: true };
    }
    if (pool === null) return { kind: 'returned', reason: 'the cpu threads were stopped' };
    if (!isStray) return verdict(laneRun, deathOfThread(error, heapLimitBytes));
    log.error({ ...fields, error: messageOf(error) }, 'An earlier job’s stray throw took down the thread');
    return { kind: 'returned', reason: 'an earlier job took down its thread' };
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
