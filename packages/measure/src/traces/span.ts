import { WEIGHT } from './names.ts';

/** A span as a report reads it. Times are µs since 1970. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  /** OTLP's number: 1 internal, 2 server, 3 client, 4 producer, 5 consumer; 0 unknown. */
  readonly kind: number;
  readonly startUs: number;
  readonly endUs: number;
  /** What an ERROR says; null where it is none. */
  readonly error: string | null;
  /** Ids of the spans it links to. */
  readonly links: readonly string[];
  text(key: string): string | null;
  number(key: string): number | null;
}

export const CLIENT = 3;
export const CONSUMER = 5;

const KIND_NAMES: Readonly<Record<string, number>> = {
  SPAN_KIND_INTERNAL: 1,
  SPAN_KIND_SERVER: 2,
  SPAN_KIND_CLIENT: CLIENT,
  SPAN_KIND_PRODUCER: 4,
  SPAN_KIND_CONSUMER: CONSUMER,
};

/** Whoever wrote the file may have written anything: what is no list counts as an empty one, and what is null is left out. */
function listOf<T extends object>(list: readonly T[] | null | undefined): T[] {
  return Array.isArray(list) ? list.filter((one) => typeof one === 'object' && one !== null) : [];
}

interface RawAttribute {
  readonly key: string;
  readonly value?: {
    readonly stringValue?: string;
    readonly intValue?: string | number;
    readonly doubleValue?: number;
    readonly boolValue?: boolean;
  };
}

interface RawSpan {
  readonly traceId?: unknown;
  readonly spanId?: unknown;
  readonly parentSpanId?: string;
  readonly name?: unknown;
  readonly kind?: number | string;
  readonly startTimeUnixNano?: string | number;
  readonly endTimeUnixNano?: string | number;
  readonly status?: { readonly code?: number | string; readonly message?: string };
  readonly attributes?: readonly RawAttribute[];
  readonly links?: readonly { readonly spanId?: string }[];
}

/** OTLP in JSON, as files and Jaeger's api/v3 hold it. */
export interface RawTraces {
  readonly resourceSpans?: readonly {
    readonly scopeSpans?: readonly { readonly spans?: readonly RawSpan[] }[];
  }[];
}

/** µs since 1970 of the year 2000: no run was before it, and what has no time has 0. */
const YEAR_2000_US = 946_684_800_000_000;

/** Nanoseconds are beyond what a number holds exactly; µs are not. NaN for what is no time of a run. */
function microseconds(nanos: string | number | undefined): number {
  const text = String(nanos ?? '');
  if (!/^\d{18,19}$/.test(text)) return Number.NaN;
  const us = Number(text.slice(0, -3)) + Number(text.slice(-3)) / 1_000;
  return us < YEAR_2000_US ? Number.NaN : us;
}

/** An attempt stands for itself at least, and for no more jobs than any run has. */
const MOST_WEIGHT = 1e9;
const isWeight = (weight: number | null) => weight === null || (weight >= 1 && weight <= MOST_WEIGHT);

function kindOf(kind: RawSpan['kind']): number {
  return typeof kind === 'number' ? kind : (KIND_NAMES[kind ?? ''] ?? 0);
}

function errorOf({ status }: RawSpan): string | null {
  const isError = status?.code === 2 || status?.code === 'STATUS_CODE_ERROR';
  return isError ? (status.message ?? '') : null;
}

/** Null for what is no span. */
function spanOf(raw: RawSpan): Span | null {
  const { traceId, spanId, name } = raw;
  const [startUs, endUs] = [microseconds(raw.startTimeUnixNano), microseconds(raw.endTimeUnixNano)];
  if (typeof traceId !== 'string' || typeof spanId !== 'string' || typeof name !== 'string') return null;
  if (Number.isNaN(startUs) || Number.isNaN(endUs) || endUs < startUs) return null;
  const attributes = listOf(raw.attributes);
  const value = (key: string) => attributes.find((one) => one.key === key)?.value;
  const span: Span = {
    ...{ traceId, spanId, name, startUs, endUs },
    parentSpanId: raw.parentSpanId || null,
    kind: kindOf(raw.kind),
    error: errorOf(raw),
    links: listOf(raw.links).flatMap((link) => link.spanId ?? []),
    text(key) {
      const found: unknown = value(key)?.stringValue;
      return typeof found === 'string' ? found : null;
    },
    number(key) {
      const found = value(key);
      const figure = Number(found?.intValue ?? found?.doubleValue ?? found?.stringValue ?? Number.NaN);
      return Number.isFinite(figure) ? figure : null;
    },
  };
  return isWeight(span.number(WEIGHT)) ? span : null;
}

/** All spans of a document, and how many of it are none: without ids, a name or times of a run, or with a weight that is none. */
export function readSpans({ resourceSpans }: RawTraces): { readonly spans: Span[]; readonly bad: number } {
  const raw = listOf(resourceSpans).flatMap(({ scopeSpans }) =>
    listOf(scopeSpans).flatMap(({ spans }) => listOf(spans)),
  );
  const spans = raw.flatMap((one) => spanOf(one) ?? []);
  return { spans, bad: raw.length - spans.length };
}

/** Its spans; what is none is left out. */
export const spansOf = (traces: RawTraces): Span[] => readSpans(traces).spans;
