import type { Log, Outcome } from '@millrace/core';
import type { HandlerContext } from '@millrace/sdk';
import { computeName } from './compute-name.ts';
import type { CpuLane } from './cpu-lane.ts';
import { currentRun } from './current-run.ts';
import type { JobFacts, Lane, LaneRun } from './lane.ts';
import { runHandler } from './run-handler.ts';

/** Hears of every run in the process itself. */
export interface IoWatch {
  began(job: JobFacts): void;
  ended(job: JobFacts): void;
}

function contextOf(run: LaneRun, pool: Pick<CpuLane, 'compute'>): Omit<HandlerContext, 'data'> {
  const { handler, job, signal, abandon, progress, log } = run;
  return {
    id: job.id,
    signal,
    attempt: job.attempt,
    fence: job.fence,
    log,
    progress,
    compute: async (fn, args) =>
      pool.compute({ file: handler.file, fn: computeName(handler, fn), args }, abandon) as never,
  };
}

/**
 * Handlers in the worker process itself. Nothing can stop one that ignores its signal: when its run is abandoned
 * the job's outcome is told without it, and the log says that it still runs, and when it ended.
 */
export function createIoLane(pool: Pick<CpuLane, 'compute'>, watch: IoWatch, log: Log): Lane {
  function reportStraggler({ handler, job }: LaneRun, ended: Promise<Outcome>): void {
    const fields = { job: job.id, queue: handler.queue, handler: handler.name };
    log.warn(fields, 'The handler ignores its signal: its job is decided, and it still runs');
    void ended.then(() => log.warn(fields, 'The handler that ignored its signal has ended'));
  }

  function begin(run: LaneRun): Promise<Outcome> {
    const { handler, data, job } = run;
    watch.began(job);
    const ended = currentRun.run(run, () => runHandler(handler, data, contextOf(run, pool)));
    void ended.then(() => watch.ended(job));
    return ended;
  }

  return {
    run: (run) =>
      new Promise((resolve) => {
        run.started();
        const ended = begin(run);
        const onAbandon = () => {
          reportStraggler(run, ended);
          resolve({ kind: 'fail', error: run.abandon.reason, retry: true });
        };
        run.abandon.addEventListener('abort', onAbandon, { once: true });
        void ended.then((outcome) => {
          run.abandon.removeEventListener('abort', onAbandon);
          resolve(outcome);
        });
      }),
  };
}
