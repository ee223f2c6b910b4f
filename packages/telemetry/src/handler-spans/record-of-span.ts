import {
  type Attributes as ApiAttributes,
  type AttributeValue as ApiValue,
  SpanStatusCode,
} from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Attributes, AttributeValue, SpanKind, SpanRecord } from '../span-record.ts';

/** In the order of the API's `SpanKind`. */
const KINDS: readonly SpanKind[] = ['internal', 'server', 'client', 'producer', 'consumer'];

/** A span of the SDK → a plain record. */
export function recordOfSpan(span: ReadableSpan): SpanRecord {
  const { traceId, spanId, traceState } = span.spanContext();
  const { code, message } = span.status;
  return {
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId ?? null,
    traceState: traceState?.serialize() || undefined,
    name: span.name,
    kind: KINDS[span.kind] ?? 'internal',
    startUs: micros(span.startTime),
    endUs: micros(span.endTime),
    attributes: isWatched(span) ? withoutQuery(attributesOf(span.attributes)) : attributesOf(span.attributes),
    links: span.links.map(({ context, attributes = {} }) => ({
      traceId: context.traceId,
      spanId: context.spanId,
      attributes: attributesOf(attributes),
    })),
    events: span.events.map(({ name, time, attributes = {} }) => ({
      name,
      atUs: micros(time),
      attributes: attributesOf(attributes),
    })),
    ...(code === SpanStatusCode.ERROR && { error: message ?? '' }),
  };
}

/** Made for a library that is watched, and not by the handler itself. */
const isWatched = ({ instrumentationScope: { name } }: ReadableSpan) =>
  name.startsWith('@opentelemetry/instrumentation-');

/** A query may hold a secret, or what a job is about, and spans hold neither: who wants it there sets it in a span of his own. */
function withoutQuery({ 'url.query': _query, 'url.full': url, ...others }: Attributes): Attributes {
  return typeof url === 'string' ? { ...others, 'url.full': url.replace(/[?#].*$/s, '') } : others;
}

const micros = ([seconds, nanos]: readonly [number, number]) => seconds * 1e6 + Math.round(nanos / 1000);

function attributesOf(attributes: ApiAttributes): Attributes {
  const all: Record<string, AttributeValue> = {};
  for (const [key, value] of Object.entries(attributes))
    if (value !== undefined && value !== null) all[key] = plain(value);
  return all;
}

function plain(value: NonNullable<ApiValue>): AttributeValue {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'object' ? JSON.stringify(value) : (value as AttributeValue);
}
