import { isMillraceError, JOB_STATES, type JobState, MillraceError } from '@millrace/core';
import { Job, type Queue } from 'bullmq';
import type { MillraceBackend } from './backend/millrace-backend.ts';
import { isJob, type JobReader } from './job-reader.ts';
import type { BoundedQueue } from './types/queue.ts';

const NOT_RUNNING = JOB_STATES.filter((state) => state !== 'active');

/** What an operator may do to single jobs, by BullMQ's own means. */
export function createJobOperations(
  stock: Queue,
  reader: JobReader,
): Pick<BoundedQueue, 'remove' | 'retry' | 'promote'> {
  const backend = stock.getBackend() as unknown as MillraceBackend;

  /** Runs an operator's call on a job; `states` says where the job must be. False when there is no such job. */
  async function onJob(
    id: string,
    states: readonly JobState[],
    act: (job: Job, state: JobState) => Promise<unknown>,
  ): Promise<boolean> {
    const { state, fields } = await reader.stateOf(id);
    if (!isJob(fields)) return false;
    if (!states.includes(state as JobState)) {
      throw new MillraceError(
        'wrong_state',
        `job ${id} is ${state}; this needs a job that is ${states.join(' or ')}`,
      );
    }
    const job = await Job.fromId(stock, id);
    if (!job) return false;
    try {
      await act(job, state as JobState);
      return true;
    } catch (error) {
      if (isMillraceError(error)) throw error;
      throw new MillraceError('wrong_state', `job ${id} changed its state meanwhile; look at it again`, {
        cause: error,
      });
    }
  }

  return {
    remove: (id) =>
      onJob(id, NOT_RUNNING, async () => {
        if ((await backend.remove(id, true)) === 0) {
          throw new MillraceError('wrong_state', `job ${id} is running; wait for it or kill its worker`);
        }
      }),
    retry: (id) =>
      onJob(id, ['failed', 'completed'], (job, state) =>
        backend.retryFinishedJob(job, state as 'completed' | 'failed', { resetAttemptsMade: true }),
      ),
    promote: (id) => onJob(id, ['delayed'], () => backend.promote(id)),
  };
}
