import type { EndedAttempt, JobOrigin } from '@millrace/core';
import type { JobFields } from './job-reader.ts';
import { json } from './stored-json.ts';

/** Origins that a job's stored options name (`mo`); the others are told by what is there and what is not. */
const MARKS: Partial<Record<JobOrigin, string>> = { bulk: 'b', replay: 'r', flow: 'f', scheduled: 'c' };
const ORIGINS = new Map(Object.entries(MARKS).map(([origin, mark]) => [mark, origin as JobOrigin] as const));

/** What tells where a job's spans stand. */
export type Provenance = Pick<EndedAttempt, 'queue' | 'id' | 'timestampMs' | 'carrier' | 'origin'>;

/** The mark of an origin in a job's stored options; undefined for those that need none. */
export const markOf = (origin: JobOrigin): string | undefined => MARKS[origin];

/** Where a job came from, by `mo` and `enqueuedUs` of its options and whether a schedule made it. */
export function originOf(mark: unknown, enqueuedUs: unknown, isScheduled: boolean): JobOrigin {
  if (mark !== undefined) return ORIGINS.get(mark as string) ?? 'foreign';
  if (isScheduled) return 'scheduled';
  return enqueuedUs === undefined ? 'foreign' : 'single';
}

/** The provenance of a stored job. */
export function provenanceOf(queue: string, id: string, fields: JobFields): Provenance {
  const { mo, enqueuedUs, tm } = (json(fields.opts) ?? {}) as Record<string, unknown>;
  return {
    queue,
    id,
    timestampMs: Number(fields.timestamp ?? 0),
    carrier: typeof tm === 'string' ? tm : null,
    origin: originOf(mo, enqueuedUs, fields.rjk !== undefined),
  };
}
