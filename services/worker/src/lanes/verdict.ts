import { type Clock, type Kill, type Log, MillraceError, type Outcome } from '@millrace/core';
import { isSentByOthers } from '@millrace/supervision';
import type { LaneRun } from './lane.ts';

/** How the thread or process that ran one job, and no other, ended before the job had an outcome. */
export type RunDeath = Pick<
  Kill,
  'exitCode' | 'exitSignal' | 'lastLines' | 'peakRssBytes' | 'memoryLimitBytes'
> & {
  readonly cause: 'crash' | 'oom' | 'killed' | 'hung';
  /** For a person: a whole sentence. */
  readonly message: string;
};

/** Out of memory shows in what was seen, not in the signal: V8 aborts, the kernel kills. */
export function causeOf(exitSignal: string | null, outOfMemory: boolean): RunDeath['cause'] {
  if (outOfMemory) return 'oom';
  return isSentByOthers(exitSignal) ? 'killed' : 'crash';
}

/** Judges deaths of threads and processes that we did not bring about, or only since they were hung. */
export type Verdict = (run: LaneRun, death: RunDeath) => Outcome;

/**
 * With `quarantine` a job that died alone has killed: no attempt is lost, and the store counts. Without it such a
 * death is a failed attempt like any other.
 */
export function createVerdict(options: {
  readonly quarantine: boolean;
  /** The start id of this worker process. */
  readonly worker: string;
  readonly clock: Clock;
  readonly log: Log;
}): Verdict {
  const { quarantine, worker, clock, log } = options;
  return ({ job, handler }, { message, ...death }) => {
    const { cause, lastLines } = death;
    const fields = { job: job.id, queue: job.queue, handler: handler.name, cause };
    log.warn(fields, `A job took down the thread or process that ran it: ${message}`);
    if (!quarantine) {
      const error = new MillraceError('job_crashed', message, { details: { stderrTail: lastLines } });
      return { kind: 'fail', error, retry: true };
    }
    const alone = { isolated: true, coRunners: [], beats: [] };
    return { kind: 'killed', kill: { atMs: clock.nowMs(), worker, ...death, ...alone } };
  };
}
