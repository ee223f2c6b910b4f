import { parseTimeMs } from '@millrace/core';
import type { Job } from 'bullmq';
import type { TakenMarks } from '../backend/identity.ts';
import type { TakenJob } from '../types/consumer.ts';
import { provenanceOfTaken } from './attempt-end.ts';

/** BullMQ's job as a handler's runner sees it. `tellAlone` tells the store that it runs in a process of its own. */
export function takenJob(
  queue: string,
  job: Job,
  { suspect, past }: Pick<TakenMarks, 'suspect' | 'past'>,
  tellAlone: (job: Job) => Promise<void>,
): TakenJob {
  const { timeoutMs, deadline } = job.opts as { timeoutMs?: number; deadline?: string };
  return {
    id: job.id as string,
    queue,
    name: job.name,
    data: job.data,
    attempt: job.attemptsMade + 1,
    fence: job.attemptsStarted,
    timeoutMs: timeoutMs ?? null,
    deadlineMs: deadline === undefined ? null : parseTimeMs(deadline),
    enqueuedAtMs: job.timestamp,
    suspect,
    alone: () => tellAlone(job),
    provenance: () => provenanceOfTaken(job, past),
    progress: (value) => job.updateProgress(value as object),
    log: async (line) => void (await job.log(line)),
    updateData: (data) => job.updateData(data),
  };
}
