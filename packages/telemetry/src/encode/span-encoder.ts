import type { SpanLimits } from '../settings/settings.ts';
import type { Attributes, AttributeValue, SpanKind, SpanRecord } from '../span-record.ts';
import { ProtoWriter } from './proto-writer.ts';

/** Spans encoded as entries of `ScopeSpans.spans`: joined with others they are still that. */
export interface EncodedSpans {
  readonly bytes: Uint8Array;
  readonly count: number;
}

/** Turns span records into OTLP's protobuf. */
export interface SpanEncoder {
  add(record: SpanRecord): void;
  /** Spans added since the last `take`. */
  readonly count: number;
  /** Their bytes. */
  readonly size: number;
  take(): EncodedSpans;
}

/** Numbers of opentelemetry/proto/trace/v1/trace.proto: field << 3 | wire type. */
const TAG = {
  spansEntry: 0x12,
  traceId: 0x0a,
  spanId: 0x12,
  traceState: 0x1a,
  parentSpanId: 0x22,
  name: 0x2a,
  kind: 0x30,
  start: 0x39,
  end: 0x41,
  attributes: 0x4a,
  droppedAttributes: 0x50,
  events: 0x5a,
  droppedEvents: 0x60,
  links: 0x6a,
  droppedLinks: 0x70,
  status: 0x7a,
} as const;
const KINDS: Readonly<Record<SpanKind, number>> = {
  internal: 1,
  server: 2,
  client: 3,
  producer: 4,
  consumer: 5,
};
const STATUS_ERROR = 2;
const SAMPLED = 1;
/** Room for what a span has beside texts and attributes. */
const FIXED_PART = 256;

export function createSpanEncoder(limits: SpanLimits): SpanEncoder {
  const writer = new ProtoWriter();
  let count = 0;
  return {
    add(record) {
      writeSpan(writer, record, limits);
      count++;
    },
    get count() {
      return count;
    },
    get size() {
      return writer.size;
    },
    take() {
      const taken = { bytes: writer.take(), count };
      count = 0;
      return taken;
    },
  };
}

function writeSpan(writer: ProtoWriter, span: SpanRecord, limits: SpanLimits): void {
  writer.reserve(FIXED_PART);
  writer.byte(TAG.spansEntry);
  const mark = writer.open();
  writer.hex(TAG.traceId, span.traceId);
  writer.hex(TAG.spanId, span.spanId);
  if (span.traceState) writer.text(TAG.traceState, span.traceState);
  if (span.parentSpanId !== null) writer.hex(TAG.parentSpanId, span.parentSpanId);
  writer.name(TAG.name, span.name);
  writer.byte(TAG.kind);
  writer.byte(KINDS[span.kind]);
  writer.byte(TAG.start);
  writer.nanos(span.startUs);
  writer.byte(TAG.end);
  writer.nanos(span.endUs);
  writeAttributes(writer, TAG.attributes, TAG.droppedAttributes, span.attributes, limits);
  if (span.events) writeEvents(writer, span.events, limits);
  if (span.links) writeLinks(writer, span.links, limits);
  if (span.error !== undefined) writeError(writer, span.error, limits);
  // flags (field 16): the span belongs to a trace that is kept.
  writer.byte(0x85);
  writer.byte(0x01);
  writer.fixed32(SAMPLED);
  writer.close(mark);
}

function writeError(writer: ProtoWriter, message: string, limits: SpanLimits): void {
  writer.reserve(8);
  writer.byte(TAG.status);
  const mark = writer.open();
  writer.text(0x12, cut(message, limits));
  writer.reserve(64);
  writer.byte(0x18);
  writer.byte(STATUS_ERROR);
  writer.close(mark);
  writer.reserve(64);
}

function writeDropped(writer: ProtoWriter, tag: number, count: number): void {
  if (count <= 0) return;
  writer.byte(tag);
  writer.varint(count);
}

function writeEvents(
  writer: ProtoWriter,
  events: NonNullable<SpanRecord['events']>,
  limits: SpanLimits,
): void {
  for (const event of events.slice(0, limits.events)) {
    writer.reserve(64);
    writer.byte(TAG.events);
    const mark = writer.open();
    writer.byte(0x09);
    writer.nanos(event.atUs);
    writer.name(0x12, event.name);
    writeAttributes(writer, 0x1a, 0x20, event.attributes, limits);
    writer.close(mark);
  }
  writeDropped(writer, TAG.droppedEvents, events.length - limits.events);
}

function writeLinks(writer: ProtoWriter, links: NonNullable<SpanRecord['links']>, limits: SpanLimits): void {
  for (const link of links.slice(0, limits.links)) {
    writer.reserve(64);
    writer.byte(TAG.links);
    const mark = writer.open();
    writer.hex(0x0a, link.traceId);
    writer.hex(0x12, link.spanId);
    if (link.attributes) writeAttributes(writer, 0x22, 0x28, link.attributes, limits);
    writer.close(mark);
  }
  writeDropped(writer, TAG.droppedLinks, links.length - limits.links);
}

/** Texts are cut to the limits; what is over their number is counted. */
function writeAttributes(
  writer: ProtoWriter,
  tag: number,
  droppedTag: number,
  attributes: Attributes,
  limits: SpanLimits,
): void {
  let number = 0;
  for (const key in attributes) {
    const value = attributes[key];
    if (value === undefined) continue;
    if (++number > limits.attributes) continue;
    writer.reserve(64);
    writer.byte(tag);
    const mark = writer.open();
    writer.name(0x0a, key);
    writer.byte(0x12);
    writeValue(writer, value, limits);
    writer.close(mark);
  }
  writer.reserve(64);
  writeDropped(writer, droppedTag, number - limits.attributes);
}

/** An `AnyValue` with its length. */
function writeValue(writer: ProtoWriter, value: AttributeValue, limits: SpanLimits): void {
  const mark = writer.open();
  if (typeof value === 'string') writer.text(0x0a, cut(value, limits));
  else if (typeof value === 'number') writeNumber(writer, value);
  else if (typeof value === 'boolean') {
    writer.byte(0x10);
    writer.byte(value ? 1 : 0);
  } else writeArray(writer, value, limits);
  writer.close(mark);
  writer.reserve(64);
}

function writeNumber(writer: ProtoWriter, value: number): void {
  if (!Number.isSafeInteger(value)) {
    writer.byte(0x21);
    writer.double(value);
    return;
  }
  writer.byte(0x18);
  if (value < 0) writer.negative(value);
  else writer.varint(value);
}

function writeArray(writer: ProtoWriter, values: readonly string[], limits: SpanLimits): void {
  writer.byte(0x2a);
  const mark = writer.open();
  for (const value of values) {
    writer.reserve(64);
    writer.byte(0x0a);
    writeValue(writer, value, limits);
  }
  writer.close(mark);
}

const cut = (text: string, { valueLength }: SpanLimits) =>
  text.length > valueLength ? text.slice(0, valueLength) : text;
