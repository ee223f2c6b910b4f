import type { SeenSpan, SeenValue } from './otlp-sink.ts';

interface KeyValue {
  readonly key: string;
  readonly value?: Readonly<Record<string, unknown>>;
}

interface JsonSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  readonly kind?: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly KeyValue[];
  readonly events?: readonly { timeUnixNano: string; name: string; attributes?: readonly KeyValue[] }[];
  readonly links?: readonly { traceId: string; spanId: string; attributes?: readonly KeyValue[] }[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

interface JsonRequest {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly KeyValue[] };
    readonly scopeSpans?: readonly {
      readonly scope?: { readonly name?: string };
      readonly spans?: readonly JsonSpan[];
    }[];
  }[];
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const STATUSES = ['unset', 'ok', 'error'] as const;
const micros = (nanos: string) => Number(BigInt(nanos)) / 1_000;

function anyValue(value: Readonly<Record<string, unknown>> = {}): SeenValue {
  const [[kind, of] = ['', null]] = Object.entries(value);
  // Integers of 64 bits are text in proto3's JSON.
  if (kind === 'intValue') return Number(of);
  if (kind !== 'arrayValue') return of as SeenValue;
  return ((of as { values?: Record<string, unknown>[] }).values ?? []).map(anyValue);
}

const attributes = (pairs: readonly KeyValue[] = []) =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, anyValue(value)]));

function spanOf(span: JsonSpan, resource: SeenSpan['resource'], scope: string): SeenSpan {
  return {
    ...{ resource, scope, traceId: span.traceId, spanId: span.spanId, name: span.name },
    parentSpanId: span.parentSpanId || null,
    traceState: span.traceState ?? '',
    kind: KINDS[span.kind ?? 0] ?? 'unspecified',
    startUs: micros(span.startTimeUnixNano),
    endUs: micros(span.endTimeUnixNano),
    attributes: attributes(span.attributes),
    events: (span.events ?? []).map((event) => ({
      ...{ atUs: micros(event.timeUnixNano), name: event.name, attributes: attributes(event.attributes) },
    })),
    links: (span.links ?? []).map((link) => ({
      ...{ traceId: link.traceId, spanId: link.spanId, attributes: attributes(link.attributes) },
    })),
    status: STATUSES[span.status?.code ?? 0] ?? 'unset',
    statusMessage: span.status?.message ?? '',
  };
}

/** The spans of an `ExportTraceServiceRequest` in OTLP's JSON. */
export function spansOfJson(text: string): SeenSpan[] {
  const { resourceSpans = [] } = JSON.parse(text) as JsonRequest;
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) =>
    scopeSpans.flatMap(({ scope, spans = [] }) =>
      spans.map((span) => spanOf(span, attributes(resource?.attributes), scope?.name ?? '')),
    ),
  );
}
