import { SCHEMA_URL } from '../semconv.ts';
import type { Attributes, AttributeValue, SpanKind, SpanRecord } from '../span-record.ts';
import { SCOPE } from './request.ts';

/** OTLP's JSON mapping: ids as hex, 64-bit numbers as decimal texts, enums as numbers. */
const KINDS: Readonly<Record<SpanKind, number>> = {
  internal: 1,
  server: 2,
  client: 3,
  producer: 4,
  consumer: 5,
};

/** An `ExportTraceServiceRequest` as OTLP-JSON says it. */
export function jsonRequest(resource: Attributes, spans: readonly SpanRecord[]): object {
  const scopeSpans = [{ scope: { name: SCOPE }, spans: spans.map(jsonSpan) }];
  return {
    resourceSpans: [{ resource: { attributes: keyValues(resource) }, scopeSpans, schemaUrl: SCHEMA_URL }],
  };
}

function jsonSpan(span: SpanRecord): object {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.traceState && { traceState: span.traceState }),
    ...(span.parentSpanId !== null && { parentSpanId: span.parentSpanId }),
    name: span.name,
    kind: KINDS[span.kind],
    startTimeUnixNano: nanos(span.startUs),
    endTimeUnixNano: nanos(span.endUs),
    attributes: keyValues(span.attributes),
    events: (span.events ?? []).map(({ name, atUs, attributes }) => ({
      timeUnixNano: nanos(atUs),
      name,
      attributes: keyValues(attributes),
    })),
    links: (span.links ?? []).map(({ traceId, spanId, attributes }) => ({
      traceId,
      spanId,
      attributes: keyValues(attributes ?? {}),
    })),
    status: span.error === undefined ? {} : { code: 2, message: span.error },
    flags: 1,
  };
}

const nanos = (us: number) => `${us}000`;

function keyValues(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: AttributeValue): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  }
  return { arrayValue: { values: value.map(anyValue) } };
}
