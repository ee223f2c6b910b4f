import type { NewJob } from '@millrace/core';
import type { AddContext, Provenance, Store } from '@millrace/queue';
import type { Admitted } from '../admission/admission.ts';
import type { Sent } from './tracing.ts';

/** An add of one job that the store has answered. */
export interface AddedJob {
  readonly queue: string;
  readonly job: NewJob;
  readonly admitted: Admitted;
  readonly context: AddContext | undefined;
  /** When the store was asked, µs since 1970. */
  readonly startUs: number;
}

/**
 * What tells where the job's spans stand. Of one that may have been there before, the store knows; null where it cannot
 * tell now: the job is stored, and that is what its answer is about.
 */
export async function provenanceOf(
  store: Pick<Store, 'queue'>,
  { queue, job, admitted, context }: AddedJob,
): Promise<Provenance | null> {
  const id = admitted.ids[0] as string;
  const { times } = admitted;
  if (times === null || job.opts.deduplicationId !== undefined) {
    return store
      .queue(queue)
      .provenance(id)
      .catch(() => null);
  }
  return { queue, id, timestampMs: times.timestampMs, carrier: context?.carrier ?? null, origin: 'single' };
}

/** What a `send` span tells of the add; null for a job that was there before. */
export function sentOf(
  { job, admitted, startUs }: AddedJob,
  { timestampMs }: Provenance,
  endUs: number,
): Sent | null {
  return timestampMs === admitted.times?.timestampMs ? { name: job.name, startUs, endUs } : null;
}
