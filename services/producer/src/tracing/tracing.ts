import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '@millrace/core';
import type { AddContext, DeadProvenance, Provenance } from '@millrace/queue';
import {
  type AnsweredRequest,
  batchSendSpan,
  type Carrier,
  formatTraceparent,
  type JobTrace,
  processPlace,
  type SamplingPolicy,
  type SentJob,
  type SpanExport,
  type SpanPlace,
  type StoreFacts,
  sendSpan,
  serverSpan,
  startCutOf,
  type TelemetrySettings,
} from '@millrace/telemetry';
import { mayChange } from '../http/audit.ts';
import type { JobTraces } from './job-traces.ts';
import { contextHeaders, type NewIds, NO_TRACE, type RequestTrace, requestTrace } from './request-trace.ts';
import { storedCarrier } from './stored-carrier.ts';

/** Where a job that was handed in stands, for its answer. */
export interface JobPlace {
  /** The trace of its attempts. */
  readonly traceId: string;
  /** The header that tells it. */
  readonly traceresponse: string;
}

/** What the store's answer to an add tells of the job, and when it was asked. */
export type Sent = Omit<SentJob, 'queue' | 'id'>;

/** How jobs that come together are added. */
export interface Batch {
  readonly context: AddContext;
  /** Where the `send` that stands for all of them will be; null: nobody keeps it. */
  readonly place: SpanPlace | null;
  /** `count` jobs are stored. */
  sent(queue: string, count: number): void;
}

/** What the HTTP API writes of traces. Nothing of it throws, waits, or keeps anybody waiting. */
export interface Tracing {
  /** False: nobody is sent anything, and no request is looked at. */
  readonly isOn: boolean;
  begin(request: Pick<IncomingMessage, 'headers' | 'method'>): RequestTrace;
  /** How a job that comes alone is added; undefined: as one that brought nothing. */
  alone(trace: RequestTrace): AddContext | undefined;
  batch(trace: RequestTrace): Batch;
  /** A job that came alone is stored; `sent` null: it was there before. */
  place(job: Provenance, sent: Sent | null): JobPlace | null;
  /** A line of a stream is stored, as a job that came alone. */
  line(trace: RequestTrace, job: Provenance, sent: Sent): void;
  /** What the replay of a dead letter carries: its last span. */
  readonly replayCarrier: ((dead: DeadProvenance) => string | null) | undefined;
  /** The replay's first attempt. */
  replayPlace(copy: Provenance): JobPlace | null;
  answered(trace: RequestTrace, request: Omit<AnsweredRequest, 'startUs' | 'endUs'>): void;
}

export interface TracingOptions {
  readonly settings: TelemetrySettings;
  readonly spans: Pick<SpanExport, 'add'>;
  readonly store: StoreFacts | null;
  readonly jobTraces: Pick<JobTraces, 'traceOf'>;
  readonly clock: Pick<Clock, 'epochUs'>;
}

const RANDOM_IDS: NewIds = {
  traceId: () => randomBytes(16).toString('hex'),
  spanId: () => randomBytes(8).toString('hex'),
};

/** Of jobs that come together and bring nothing. */
const UNTOLD: Batch = { context: { carrier: null, origin: 'bulk' }, place: null, sent() {} };

/** Whether a job's spans are kept however it ends: its workers come to the same answer. */
function isKept(policy: SamplingPolicy, job: Provenance, { parent }: Carrier): boolean {
  return startCutOf(policy, job, parent, job.origin === 'replay') !== null;
}

/** The client's context, under the request's own span where that is kept. */
function carried({ carrier, server }: RequestTrace, place: SpanPlace | null = server): string | null {
  return storedCarrier(carrier, place ? { ...place, isSampled: true } : carrier.parent);
}

function batchOf(trace: RequestTrace, { spans, store, clock }: TracingOptions): Batch {
  if (trace === NO_TRACE) return UNTOLD;
  const { server, carrier } = trace;
  const place = server && { traceId: server.traceId, spanId: RANDOM_IDS.spanId() };
  const startUs = clock.epochUs();
  return {
    context: { carrier: carried(trace, place), origin: 'bulk' },
    place,
    sent(queue, count) {
      if (!place || !server) return;
      const { traceState } = carrier;
      const batch = { queue, count, startUs, endUs: clock.epochUs(), place, traceState };
      spans.add([batchSendSpan({ ...batch, parentSpanId: server.spanId }, store)]);
    },
  };
}

function placeOf({ traceId }: JobTrace, answer: SpanPlace, isSampled: boolean): JobPlace {
  return { traceId, traceresponse: formatTraceparent(answer, isSampled) };
}

/** The dead letter's last attempt, as the replay's spans are to link to it. */
function replayCarrier(dead: DeadProvenance, policy: SamplingPolicy, trace: JobTrace): string {
  // Under Millrace's own cuts a failure has a span; a sampler knows nothing of failures.
  const isSampled = policy.mode === 'cuts' || isKept(policy, dead, trace.carrier);
  return JSON.stringify({ traceparent: formatTraceparent(processPlace(trace, dead, dead.start), isSampled) });
}

/** Writes the spans of requests and of the jobs that they hand in. */
export function createTracing(options: TracingOptions): Tracing {
  const { settings, spans, store, clock, jobTraces } = options;
  const { sampling: policy, propagators } = settings;
  const writeSend = (job: Provenance, sent: Sent, trace: JobTrace) => {
    const span = sendSpan({ queue: job.queue, id: job.id, ...sent }, trace, store);
    if (span) spans.add([span]);
  };
  return {
    isOn: true,
    begin(request) {
      const headers = contextHeaders(request.headers, propagators);
      if (headers === null && policy.mode !== 'always') return NO_TRACE;
      return requestTrace(headers, mayChange(request), clock.epochUs(), policy, RANDOM_IDS);
    },
    alone(trace) {
      return trace === NO_TRACE ? undefined : { carrier: carried(trace), origin: 'single' };
    },
    batch: (trace) => batchOf(trace, options),
    place(job, sent) {
      const trace = jobTraces.traceOf(job);
      const kept = isKept(policy, job, trace.carrier);
      if (kept && sent) writeSend(job, sent, trace);
      return placeOf(trace, trace.send ?? processPlace(trace, job, 1), kept);
    },
    line(trace, job, sent) {
      if (isKept(policy, job, trace.carrier)) writeSend(job, sent, jobTraces.traceOf(job));
    },
    replayCarrier: (dead) => replayCarrier(dead, policy, jobTraces.traceOf(dead)),
    replayPlace(copy) {
      const trace = jobTraces.traceOf(copy);
      const kept = isKept(policy, copy, trace.carrier);
      return placeOf(trace, processPlace(trace, copy, 1), kept);
    },
    answered({ server, carrier, startUs }, request) {
      if (!server) return;
      const answered = { ...request, startUs, endUs: clock.epochUs() };
      spans.add([serverSpan(answered, server, server.parentSpanId, carrier.traceState)]);
    },
  };
}

/** Of a producer that sends nobody anything. */
export const TRACING_OFF: Tracing = {
  isOn: false,
  begin: () => NO_TRACE,
  alone: () => undefined,
  batch: () => UNTOLD,
  place: () => null,
  line() {},
  replayCarrier: undefined,
  replayPlace: () => null,
  answered() {},
};
