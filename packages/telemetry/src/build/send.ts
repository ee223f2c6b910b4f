import type { JobTrace } from '../context.ts';
import { BATCH_COUNT, JOB_NAME, MESSAGE_ID } from '../semconv.ts';
import type { SpanPlace, SpanRecord } from '../span-record.ts';
import { messagingAttributes, type StoreFacts } from './facts.ts';

/** What a `send` span tells of a single job. Times are µs since 1970. */
export interface SentJob {
  readonly queue: string;
  readonly id: string;
  readonly name: string;
  readonly startUs: number;
  readonly endUs: number;
}

/** The `send` span of a single job; null where the trace has none of its own. */
export function sendSpan(job: SentJob, trace: JobTrace, store: StoreFacts | null): SpanRecord | null {
  if (!trace.send) return null;
  return {
    ...trace.send,
    traceState: trace.carrier.traceState,
    name: `send ${job.queue}`,
    kind: 'producer',
    startUs: job.startUs,
    endUs: job.endUs,
    attributes: {
      ...messagingAttributes('send', job.queue, store),
      [MESSAGE_ID]: job.id,
      [JOB_NAME]: job.name,
    },
  };
}

/** What a `send` span tells of a batch: one span, however many jobs. */
export interface SentBatch {
  readonly queue: string;
  readonly count: number;
  readonly startUs: number;
  readonly endUs: number;
  /** Where it stands; the jobs of the batch carry this place and link to it. */
  readonly place: SpanPlace;
  readonly parentSpanId: string | null;
  readonly traceState?: string | undefined;
}

export function batchSendSpan(batch: SentBatch, store: StoreFacts | null): SpanRecord {
  return {
    ...batch.place,
    parentSpanId: batch.parentSpanId,
    traceState: batch.traceState,
    name: `send ${batch.queue}`,
    kind: 'producer',
    startUs: batch.startUs,
    endUs: batch.endUs,
    attributes: {
      ...messagingAttributes('send', batch.queue, store),
      [BATCH_COUNT]: batch.count,
    },
  };
}
