import type { EndedAttempt } from '@millrace/core';
import { type JobTrace, processPlace } from '../context.ts';
import { childSpanIdOf, spanIdOf } from '../ids.ts';
import type { Cut } from '../sampling.ts';
import {
  CLIENT_ID,
  CUT,
  ERROR_TYPE,
  JOB_ATTEMPT,
  JOB_NAME,
  JOB_START,
  MESSAGE_ID,
  OUTCOME,
  RUN_ID,
  SCHEDULED_US,
  SERVICE_US,
  TOTAL_US,
  WAIT_US,
  WEIGHT,
} from '../semconv.ts';
import type { Attributes, AttributeValue, SpanLink, SpanRecord } from '../span-record.ts';
import { messagingAttributes, type StoreFacts } from './facts.ts';
import { perQueue } from './per-queue.ts';
import { sendSpan } from './send.ts';

/** An attempt as far as both its worker and, after a kill, a supervisor know it. Times are µs since 1970. */
export type KnownAttempt = Omit<EndedAttempt, 'settledUs' | 'outcome' | 'error'> & {
  readonly outcome: EndedAttempt['outcome'] | 'killed';
};

const processHead = perQueue((queue: string, worker: string) => ({
  name: `process ${queue}`,
  shared: { ...messagingAttributes('process', queue, null), [CLIENT_ID]: worker },
}));
const settleHead = perQueue((queue: string, store: StoreFacts | null) => ({
  name: `settle ${queue}`,
  shared: messagingAttributes('settle', queue, store),
}));

/** The spans of an attempt whose end the store accepted: `process`, `settle`, and `send` where it is the first kept. */
export function attemptSpans(
  attempt: EndedAttempt,
  trace: JobTrace,
  cut: Cut,
  /** `cutAtStart`'s answer: then the producer wrote the `send`. */
  atStart: Cut | null,
  store: StoreFacts | null,
): SpanRecord[] {
  const process = processSpan(attempt, trace, cut, attempt.settledUs, attempt.error);
  const spans = [process, settleSpan(attempt, process, store)];
  const send = firstSend(attempt, trace, atStart, store);
  return send ? [send, ...spans] : spans;
}

/** The `process` span, from the handler's start to `endUs`, with the times in between as attributes. */
export function processSpan(
  attempt: KnownAttempt,
  trace: JobTrace,
  cut: Cut,
  endUs: number,
  error: EndedAttempt['error'],
  more: { readonly attributes?: SpanRecord['attributes']; readonly links?: readonly SpanLink[] } = {},
): SpanRecord {
  const attributes = processAttributes(attempt, trace, cut, error);
  return {
    traceId: trace.traceId,
    spanId: spanIdOf(trace.traceId, attempt.queue, attempt.id, attempt.start),
    parentSpanId: trace.parentSpanId,
    // Of the client's trace: a trace of the job's own has none.
    traceState: trace.traceId === trace.carrier.parent?.traceId ? trace.carrier.traceState : undefined,
    ...processHead(attempt.queue, attempt.worker),
    kind: 'consumer',
    startUs: attempt.startedUs,
    endUs: Math.max(endUs, attempt.startedUs),
    attributes: more.attributes ? { ...attributes, ...more.attributes } : attributes,
    links: [...trace.links, ...linkBefore(attempt, trace), ...(more.links ?? [])],
    ...(error && { events: [exceptionEvent(attempt.endedUs, error)], error: error.message }),
  };
}

function processAttributes(
  attempt: KnownAttempt,
  { carrier }: JobTrace,
  { cut, weight }: Cut,
  error: EndedAttempt['error'],
): Attributes {
  // One literal of a fixed shape: this is the hottest object of a process that traces every job.
  const attributes: Record<string, AttributeValue> = {
    [MESSAGE_ID]: attempt.id,
    [JOB_NAME]: attempt.name,
    [JOB_ATTEMPT]: attempt.attempt,
    [JOB_START]: attempt.start,
    [WAIT_US]: attempt.startedUs - attempt.dueUs,
    [SERVICE_US]: attempt.endedUs - attempt.startedUs,
    [TOTAL_US]: attempt.endedUs - (carrier.scheduledUs ?? attempt.enqueuedUs),
    [OUTCOME]: attempt.outcome,
    [CUT]: cut,
    [WEIGHT]: weight,
  };
  if (carrier.runId !== undefined) attributes[RUN_ID] = carrier.runId;
  if (carrier.scheduledUs !== undefined) attributes[SCHEDULED_US] = carrier.scheduledUs;
  if (error) attributes[ERROR_TYPE] = error.type;
  return attributes;
}

/** A later attempt stands beside the one before it in the same trace, and says so. */
function linkBefore(attempt: KnownAttempt, trace: JobTrace): SpanLink[] {
  return attempt.before === null ? [] : [processPlace(trace, attempt, attempt.before)];
}

function exceptionEvent(atUs: number, error: NonNullable<EndedAttempt['error']>) {
  const { type, message, stack } = error;
  const attributes = {
    'exception.type': type,
    'exception.message': message,
    ...(stack && { 'exception.stacktrace': stack }),
  };
  return { name: 'exception', atUs, attributes };
}

/** The store's part of the end, inside the `process` span's time. */
function settleSpan(attempt: EndedAttempt, process: SpanRecord, store: StoreFacts | null): SpanRecord {
  return {
    traceId: process.traceId,
    spanId: childSpanIdOf(process, 'settle'),
    parentSpanId: process.spanId,
    traceState: process.traceState,
    ...settleHead(attempt.queue, store),
    kind: 'client',
    startUs: attempt.endedUs,
    endUs: attempt.settledUs,
    attributes: { [MESSAGE_ID]: attempt.id, [OUTCOME]: attempt.outcome },
  };
}

/**
 * The `send` span, where this is the job's first kept attempt and nobody wrote it at once: what is known to be kept
 * at the start was known to the producer too, and its attempt before has a span. A stranger's job had no producer.
 */
export function firstSend(
  attempt: KnownAttempt,
  trace: JobTrace,
  atStart: Cut | null,
  store: StoreFacts | null,
): SpanRecord | null {
  const isFirstKept = attempt.before === null && (atStart === null || attempt.start === 1);
  const wasWritten = atStart !== null && attempt.origin === 'single';
  if (!isFirstKept || wasWritten) return null;
  const at = { startUs: attempt.enqueuedUs, endUs: attempt.enqueuedUs };
  return sendSpan({ queue: attempt.queue, id: attempt.id, name: attempt.name, ...at }, trace, store);
}
