import {
  type Carrier,
  type ContextHeaders,
  carrierOf,
  cutAtStart,
  hashOfTraceId,
  NO_CARRIER,
  type SamplingPolicy,
  type SpanPlace,
  type TelemetrySettings,
} from '@millrace/telemetry';

/** What a request has to do with traces. */
export interface RequestTrace {
  /** What its client says of itself. */
  readonly carrier: Carrier;
  /** Its SERVER span; null: it has none. */
  readonly server: ServerPlace | null;
  /** µs since 1970; 0 where nobody asks. */
  readonly startUs: number;
}

export interface ServerPlace extends SpanPlace {
  /** The client's span. */
  readonly parentSpanId: string | null;
}

/** Of a request that brought nothing and is not followed: nearly all. */
export const NO_TRACE: RequestTrace = { carrier: NO_CARRIER, server: null, startUs: 0 };

/** Ids for what nobody can derive. */
export interface NewIds {
  traceId(): string;
  spanId(): string;
}

/** Of a request's headers, those that are believed. */
export function contextHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  { traceContext, baggage }: TelemetrySettings['propagators'],
): ContextHeaders | null {
  const text = (isBelieved: boolean, value: string | string[] | undefined) =>
    isBelieved && typeof value === 'string' ? value : undefined;
  const traceparent = text(traceContext, headers.traceparent);
  const members = text(baggage, headers.baggage);
  if (traceparent === undefined && members === undefined) return null;
  return { traceparent, tracestate: text(traceContext, headers.tracestate), baggage: members };
}

/** A job's own hash decides about the job; of its request it says nothing. */
const NO_HASH = -1;

/**
 * Whether a request has a SERVER span. Under Millrace's own cuts one that its client follows has; a sampler that keeps
 * all keeps also those that bring no context, unless they only read.
 */
export function isRequestKept(policy: SamplingPolicy, { parent }: Carrier, mayChange: boolean): boolean {
  if (parent === null) return policy.mode === 'always' && mayChange;
  const hash = policy.mode === 'ratio' ? hashOfTraceId(parent.traceId) : NO_HASH;
  return cutAtStart(policy, hash, parent.isSampled, false) !== null;
}

/** A request's part in a trace, from the headers that are believed. */
export function requestTrace(
  headers: ContextHeaders | null,
  mayChange: boolean,
  startUs: number,
  policy: SamplingPolicy,
  ids: NewIds,
): RequestTrace {
  const carrier = headers === null ? NO_CARRIER : carrierOf(headers);
  if (!isRequestKept(policy, carrier, mayChange)) {
    return headers === null ? NO_TRACE : { carrier, server: null, startUs };
  }
  const { parent } = carrier;
  const server = {
    traceId: parent?.traceId ?? ids.traceId(),
    spanId: ids.spanId(),
    parentSpanId: parent?.spanId ?? null,
  };
  return { carrier, server, startUs };
}
