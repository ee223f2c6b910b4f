import type { Clock, Outcome } from '@millrace/core';
import { DelayedError, type Job, UnrecoverableError, WaitingError } from 'bullmq';

/**
 * Our outcome in BullMQ's words: what the processor returns or throws. `giveBack` puts a job back at the head of
 * the queue; the errors thrown after it and after a snooze tell BullMQ that the job has left already.
 */
export async function settle(
  outcome: Outcome,
  job: Job,
  token: string,
  clock: Clock,
  giveBack: (jobId: string, reason: string) => Promise<void>,
): Promise<unknown> {
  switch (outcome.kind) {
    case 'ok':
      return outcome.value;
    case 'fail':
      if (outcome.retry) throw outcome.error;
      throw Object.assign(new UnrecoverableError(outcome.error.message), { stack: outcome.error.stack });
    case 'cancel':
      throw new UnrecoverableError(`cancelled: ${outcome.reason}`);
    case 'snooze':
      await job.moveToDelayed(clock.nowMs() + outcome.delayMs, token);
      throw new DelayedError();
    case 'returned':
      await giveBack(job.id as string, outcome.reason);
      throw new WaitingError();
    default: {
      const never: never = outcome;
      throw new TypeError(`unknown outcome ${JSON.stringify(never)}`);
    }
  }
}
