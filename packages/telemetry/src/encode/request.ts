import { SCHEMA_URL } from '../semconv.ts';
import { TELEMETRY_OFF } from '../settings/settings.ts';
import type { Attributes, SpanRecord } from '../span-record.ts';
import { ProtoWriter } from './proto-writer.ts';
import { createSpanEncoder } from './span-encoder.ts';

/** The instrumentation scope of every span that Millrace makes. */
export const SCOPE = 'millrace';

/**
 * Joins encoded spans into one `ExportTraceServiceRequest`: a resource, a scope and the entries as they are.
 */
export function requestJoiner(resource: Attributes): (entries: readonly Uint8Array[]) => Uint8Array {
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
  return (entries) => {
    const entriesSize = entries.reduce((sum, each) => sum + each.length, 0);
    const scopeSpans = scopeField.length + entriesSize;
    const scopeSpansHead = lengthField(0x12, scopeSpans);
    const inner = head.length + scopeSpansHead.length + scopeSpans + schemaField.length;
    return Buffer.concat([
      lengthField(0x0a, inner),
      head,
      scopeSpansHead,
      scopeField,
      ...entries,
      schemaField,
    ]);
  };
}

function lengthField(tag: number, length: number): Uint8Array {
  const writer = new ProtoWriter();
  writer.byte(tag);
  writer.varint(length);
  return writer.take();
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
