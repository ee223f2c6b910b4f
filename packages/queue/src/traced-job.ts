import type { EndedAttempt } from '@millrace/core';
import { type Provenance, provenanceOf } from './job-origin.ts';
import { json } from './stored-json.ts';

/** What is read of a job's hash to place its spans. */
export const TRACED_FIELDS = ['name', 'timestamp', 'opts', 'rjk'] as const;

type Fields = Readonly<Record<string, string>>;

/** Of the stored options, ours and BullMQ's. */
interface StoredOptions {
  readonly enqueuedUs?: string;
  readonly lineage?: readonly string[];
  readonly delay?: number;
}

/** Who a job is to the traces: what stands in its hash from the first moment on. */
export interface TracedJobFacts
  extends Pick<
    EndedAttempt,
    'queue' | 'id' | 'name' | 'timestampMs' | 'enqueuedUs' | 'carrier' | 'origin' | 'replayOf'
  > {
  /** When it was first due, µs since 1970. */
  readonly firstDueUs: number;
}

/** The facts in a job's hash; null when that is no job's. */
export function tracedJobFacts(queue: string, id: string, fields: Fields): TracedJobFacts | null {
  if (fields.timestamp === undefined) return null;
  const { enqueuedUs: told, delay, lineage } = (json(fields.opts) ?? {}) as StoredOptions;
  const provenance: Provenance = provenanceOf(queue, id, fields);
  const { timestampMs } = provenance;
  const enqueuedUs = told === undefined ? timestampMs * 1000 : Number(told);
  return {
    ...provenance,
    ...{ name: fields.name ?? '', enqueuedUs, replayOf: lineage?.at(-1) ?? null },
    firstDueUs: delay ? Math.max(enqueuedUs, (timestampMs + delay) * 1000) : enqueuedUs,
  };
}
