import type { Clock, Kill, Outcome } from '@millrace/core';
import { DelayedError, type Job, UnrecoverableError, WaitingError } from 'bullmq';
import { describeKill } from './kill.ts';
import type { Ending } from './running-jobs.ts';

/** What settling an outcome needs of its consumer. */
export interface Settling {
  readonly clock: Clock;
  /** Puts a job back at the head of the queue. */
  giveBack(jobId: string, reason: string): Promise<void>;
  /** The attempt is about to fail, and this is why. */
  ends(jobId: string, ending: Ending): void;
  /** Counts a kill: null when the job went back to the queue, else what it fails with. Absent: none is counted. */
  readonly recordKill: ((job: Job, kill: Omit<Kill, 'start'>) => Promise<string | null>) | null;
}

/**
 * Our outcome in BullMQ's words: what the processor returns or throws. `giveBack` puts a job back at the head of
 * the queue; the errors thrown after it, after a kill and after a snooze tell BullMQ that the job has left already.
 */
export async function settle(
  outcome: Outcome,
  job: Job,
  token: string,
  settling: Settling,
): Promise<unknown> {
  const id = job.id as string;
  const final = <E>(error: E, ending: Ending = 'final'): E => {
    settling.ends(id, ending);
    return error;
  };
  switch (outcome.kind) {
    case 'ok':
      return outcome.value;
    case 'fail':
      if (outcome.retry) throw outcome.error;
      throw final(
        Object.assign(new UnrecoverableError(outcome.error.message), { stack: outcome.error.stack }),
      );
    case 'cancel':
      throw final(new UnrecoverableError(`cancelled: ${outcome.reason}`));
    case 'snooze':
      await job.moveToDelayed(settling.clock.nowMs() + outcome.delayMs, token);
      throw new DelayedError();
    case 'returned':
      await settling.giveBack(id, outcome.reason);
      throw new WaitingError();
    case 'killed': {
      // Uncounted, a kill is an ordinary failure, or the job would kill for ever.
      if (!settling.recordKill) throw new Error(`its process died: ${describeKill(outcome.kill)}`);
      settling.ends(id, 'killed');
      const poison = await settling.recordKill(job, outcome.kill);
      if (poison === null) throw new WaitingError();
      throw final(new UnrecoverableError(poison), 'poison');
    }
    default: {
      const never: never = outcome;
      throw new TypeError(`unknown outcome ${JSON.stringify(never)}`);
    }
  }
}
