import type { EndedAttempt } from '@millrace/core';
import { cutAtStart } from './cuts.ts';
import { hashOfTraceId, jobHash } from './ids.ts';
import type { Cut, SamplingPolicy } from './sampling.ts';
import type { RemoteParent } from './traceparent.ts';

/**
 * The cut that an attempt of `job` had when it began: its producer, its worker and whoever finds it dead come to the same
 * answer, so that each of its spans is written once. `parent` is that of what it carries.
 */
export function startCutOf(
  policy: SamplingPolicy,
  job: Pick<EndedAttempt, 'queue' | 'id' | 'timestampMs' | 'origin'>,
  parent: RemoteParent | null,
  isContinued: boolean,
): Cut | null {
  // A replay carries its dead letter's span, and that is no client's wish.
  const client = job.origin === 'replay' ? null : parent;
  const isOfClient = policy.mode === 'ratio' && client !== null;
  const hash = isOfClient ? hashOfTraceId(client.traceId) : jobHash(job.queue, job.id, job.timestampMs);
  return cutAtStart(policy, hash, client?.isSampled ?? null, isContinued);
}
