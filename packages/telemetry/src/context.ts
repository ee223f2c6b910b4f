import type { EndedAttempt } from '@millrace/core';
import { type Carrier, NO_CARRIER, readCarrier } from './carrier.ts';
import { spanIdOf, traceIdOf } from './ids.ts';
import type { SpanLink, SpanPlace } from './span-record.ts';

/** How a queue's process spans hang on to what sent them; `auto` decides by the job's origin. */
export type TraceShape = 'auto' | 'parent' | 'link' | 'both';

/** What places a job's spans; an `EndedAttempt` is one. */
export type TracedJob = Pick<EndedAttempt, 'queue' | 'id' | 'timestampMs' | 'carrier' | 'origin'>;

/** Where the spans of a job stand. */
export interface JobTrace {
  /** The trace of its attempts. */
  readonly traceId: string;
  /** What its `process` spans are children of; null: they are roots. */
  readonly parentSpanId: string | null;
  /** What its `process` spans link to. */
  readonly links: readonly SpanLink[];
  /** The job's own `send` span; null where a batch's stands for many, or a stranger wrote it. */
  readonly send: (SpanPlace & { readonly parentSpanId: string | null }) | null;
  readonly carrier: Carrier;
}

/** The trace of a job, from what is stored with it; computed only for jobs that are kept, or asked for. */
export function jobTrace(job: TracedJob, shape: TraceShape = 'auto'): JobTrace {
  const carrier = job.carrier === null ? NO_CARRIER : readCarrier(job.carrier);
  const own = traceIdOf(job.queue, job.id, job.timestampMs);
  const { parent } = carrier;
  if (job.origin !== 'single' && (parent !== null || job.origin !== 'foreign')) {
    const isSingle = job.origin === 'foreign' && !carrier.isLinked;
    return hungOn(parent, own, carrier, shape === 'auto' && isSingle ? 'parent' : shape);
  }
  const sendTrace = parent?.traceId ?? own;
  const send = {
    traceId: sendTrace,
    spanId: spanIdOf(sendTrace, job.queue, job.id, 0),
    parentSpanId: parent?.spanId ?? null,
  };
  // A trace that only this job is in needs no bound: there `link` is as `parent`.
  if (shape === 'link' && parent) {
    return { traceId: own, parentSpanId: null, links: [linkTo(send)], send, carrier };
  }
  const links = shape === 'both' ? [linkTo(send)] : [];
  return { traceId: sendTrace, parentSpanId: send.spanId, links, send, carrier };
}

/** A job without a `send` of its own: what it carries is the span that it came from. */
function hungOn(parent: Carrier['parent'], own: string, carrier: Carrier, shape: TraceShape): JobTrace {
  if (!parent) return { traceId: own, parentSpanId: null, links: [], send: null, carrier };
  const links = shape === 'parent' ? [] : [linkTo(parent)];
  if (shape === 'parent' || shape === 'both') {
    return { traceId: parent.traceId, parentSpanId: parent.spanId, links, send: null, carrier };
  }
  return { traceId: own, parentSpanId: null, links, send: null, carrier };
}

const linkTo = ({ traceId, spanId }: SpanPlace): SpanLink => ({ traceId, spanId });

/** The place of one start's `process` span. */
export function processPlace(
  trace: JobTrace,
  job: Pick<TracedJob, 'queue' | 'id'>,
  start: number,
): SpanPlace {
  return { traceId: trace.traceId, spanId: spanIdOf(trace.traceId, job.queue, job.id, start) };
}
