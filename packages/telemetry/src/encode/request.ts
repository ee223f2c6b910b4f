import { SCHEMA_URL } from '../semconv.ts';
import { TELEMETRY_OFF } from '../settings/settings.ts';
import type { Attributes, SpanRecord } from '../span-record.ts';
import { ProtoWriter } from './proto-writer.ts';
import { createSpanEncoder } from './span-encoder.ts';

/** The instrumentation scope of every span that Millrace makes. */
export const SCOPE = 'millrace';

/** Turns encoded spans into a request as a protocol wants it, in their own buffer where that can be. */
export interface RequestEnvelope {
  /** Bytes to leave free ahead of the first span and behind the last. */
  readonly room: { readonly ahead: number; readonly behind: number };
  /** The request of the spans in `buffer`, from `room.ahead` to `end`. May write into the room, and lie in the buffer. */
  around(buffer: Buffer, end: number): Uint8Array;
}

/** A tag and a length of up to 32 bits. */
const MAX_LENGTH_BYTES = 6;

/** An `ExportTraceServiceRequest`: a resource, a scope and the spans as they are. Nothing is copied but what goes around them. */
export function protobufEnvelope(resource: Attributes): RequestEnvelope {
  const head = resourceField(resource);
  const scope = new ProtoWriter();
  scope.byte(0x0a);
  const mark = scope.open();
  scope.text(0x0a, SCOPE);
  scope.close(mark);
  const scopeField = scope.take();
  const schema = new ProtoWriter();
  schema.text(0x1a, SCHEMA_URL);
  const schemaField = schema.take();
  const lengths = new ProtoWriter();
  const lengthField = (tag: number, length: number) => {
    lengths.byte(tag);
    lengths.varint(length);
    return lengths.take();
  };
  const ahead = 2 * MAX_LENGTH_BYTES + head.length + scopeField.length;
  return {
    room: { ahead, behind: schemaField.length },
    around(buffer, end) {
      const scopeSpans = scopeField.length + end - ahead;
      const scopeSpansHead = lengthField(0x12, scopeSpans);
      const inner = head.length + scopeSpansHead.length + scopeSpans + schemaField.length;
      const parts = [lengthField(0x0a, inner), head, scopeSpansHead, scopeField];
      const start = ahead - parts.reduce((sum, part) => sum + part.length, 0);
      let at = start;
      for (const part of parts) {
        buffer.set(part, at);
        at += part.length;
      }
      buffer.set(schemaField, end);
      return buffer.subarray(start, end + schemaField.length);
    },
  };
}

/** `ResourceSpans.resource`: its attributes are encoded as those of a span are, so one is borrowed. */
function resourceField(resource: Attributes): Uint8Array {
  const writer = new ProtoWriter();
  writer.byte(0x0a);
  const mark = writer.open();
  for (const [key, value] of Object.entries(resource)) {
    writer.reserve(64);
    writer.byte(0x0a);
    const attribute = writer.open();
    writer.text(0x0a, key);
    writer.byte(0x12);
    const inner = writer.open();
    writer.text(0x0a, String(value));
    writer.close(inner);
    writer.close(attribute);
  }
  writer.close(mark);
  return writer.take();
}

/** Records → entries in one call, uncut. */
export function encodeSpans(records: readonly SpanRecord[]): Uint8Array {
  const encoder = createSpanEncoder(TELEMETRY_OFF.limits);
  for (const record of records) encoder.add(record);
  return encoder.take().bytes;
}
