import type { SpanLimits } from '../settings/settings.ts';
import type { SpanKind, SpanRecord } from '../span-record.ts';
import { type AttributeWriter, createAttributeWriter, cut } from './attribute-writer.ts';
import { ProtoWriter } from './proto-writer.ts';

/** Spans encoded as entries of `ScopeSpans.spans`: joined with others they are still that. */
export interface EncodedSpans {
  readonly bytes: Uint8Array;
  readonly count: number;
}

/** Turns span records into OTLP's protobuf. */
export interface SpanEncoder {
  /** False for a span that no message holds, over 2 MiB: nothing of it is written. Never throws: a handler's own come as they are. */
  add(record: SpanRecord): boolean;
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

interface AttributeWriters {
  readonly ofSpan: AttributeWriter;
  readonly ofEvent: AttributeWriter;
  readonly ofLink: AttributeWriter;
}

export function createSpanEncoder(limits: SpanLimits): SpanEncoder {
  const writer = new ProtoWriter();
  const attributes: AttributeWriters = {
    ofSpan: createAttributeWriter(writer, limits, TAG.attributes, TAG.droppedAttributes),
    ofEvent: createAttributeWriter(writer, limits, 0x1a, 0x20),
    ofLink: createAttributeWriter(writer, limits, 0x22, 0x28),
  };
  let count = 0;
  return {
    add(record) {
      const before = writer.size;
      try {
        writeSpan(writer, attributes, record, limits);
      } catch {
        writer.forget(before);
        return false;
      }
      count++;
      return true;
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

function writeSpan(
  writer: ProtoWriter,
  attributes: AttributeWriters,
  span: SpanRecord,
  limits: SpanLimits,
): void {
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
  attributes.ofSpan(span.attributes, span.shared);
  if (span.events) writeEvents(writer, attributes, span.events, limits);
  if (span.links) writeLinks(writer, attributes, span.links, limits);
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

function writeEvents(
  writer: ProtoWriter,
  attributes: AttributeWriters,
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
    attributes.ofEvent(event.attributes);
    writer.close(mark);
  }
  writer.dropped(TAG.droppedEvents, events.length - limits.events);
}

function writeLinks(
  writer: ProtoWriter,
  attributes: AttributeWriters,
  links: NonNullable<SpanRecord['links']>,
  limits: SpanLimits,
): void {
  for (const link of links.slice(0, limits.links)) {
    writer.reserve(64);
    writer.byte(TAG.links);
    const mark = writer.open();
    writer.hex(0x0a, link.traceId);
    writer.hex(0x12, link.spanId);
    if (link.attributes) attributes.ofLink(link.attributes);
    writer.close(mark);
  }
  writer.dropped(TAG.droppedLinks, links.length - limits.links);
}
