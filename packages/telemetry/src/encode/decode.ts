import type { Attributes, AttributeValue, SpanKind, SpanLink, SpanRecord } from '../span-record.ts';
import { eachField, type ProtoReader } from './proto-reader.ts';

const KINDS: readonly SpanKind[] = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'];

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Reads = Readonly<Record<number, (reader: ProtoReader) => void>>;

const fields = (bytes: Uint8Array, reads: Reads) =>
  eachField(bytes, (field, reader) => {
    const read = reads[field];
    read?.(reader);
    return read !== undefined;
  });

/** Entries of `ScopeSpans.spans` → records: for protocols that are not protobuf, and for tests. */
export function decodeSpans(bytes: Uint8Array): SpanRecord[] {
  const spans: SpanRecord[] = [];
  fields(bytes, { 2: (reader) => spans.push(decodeSpan(reader.bytes())) });
  return spans;
}

function decodeSpan(bytes: Uint8Array): SpanRecord {
  const span: Writable<SpanRecord> = {
    traceId: '',
    spanId: '',
    parentSpanId: null,
    name: '',
    kind: 'internal',
    startUs: 0,
    endUs: 0,
    attributes: {},
  };
  const attributes: Record<string, AttributeValue> = {};
  const events: NonNullable<SpanRecord['events']>[number][] = [];
  const links: SpanLink[] = [];
  fields(bytes, {
    1: (reader) => (span.traceId = reader.bytes().toString('hex')),
    2: (reader) => (span.spanId = reader.bytes().toString('hex')),
    3: (reader) => (span.traceState = reader.bytes().toString()),
    4: (reader) => (span.parentSpanId = reader.bytes().toString('hex') || null),
    5: (reader) => (span.name = reader.bytes().toString()),
    6: (reader) => (span.kind = KINDS[reader.int64()] ?? 'internal'),
    7: (reader) => (span.startUs = reader.nanos()),
    8: (reader) => (span.endUs = reader.nanos()),
    9: (reader) => decodeAttribute(reader.bytes(), attributes),
    11: (reader) => events.push(decodeEvent(reader.bytes())),
    13: (reader) => links.push(decodeLink(reader.bytes())),
    15: (reader) => (span.error = decodeStatus(reader.bytes())),
  });
  return {
    ...span,
    attributes,
    ...(events.length > 0 && { events }),
    ...(links.length > 0 && { links }),
  };
}

function decodeEvent(bytes: Uint8Array): NonNullable<SpanRecord['events']>[number] {
  const event = { atUs: 0, name: '', attributes: {} as Record<string, AttributeValue> };
  fields(bytes, {
    1: (reader) => (event.atUs = reader.nanos()),
    2: (reader) => (event.name = reader.bytes().toString()),
    3: (reader) => decodeAttribute(reader.bytes(), event.attributes),
  });
  return event;
}

function decodeLink(bytes: Uint8Array): SpanLink {
  const link = { traceId: '', spanId: '' };
  const attributes: Record<string, AttributeValue> = {};
  fields(bytes, {
    1: (reader) => (link.traceId = reader.bytes().toString('hex')),
    2: (reader) => (link.spanId = reader.bytes().toString('hex')),
    4: (reader) => decodeAttribute(reader.bytes(), attributes),
  });
  return Object.keys(attributes).length > 0 ? { ...link, attributes: attributes as Attributes } : link;
}

function decodeStatus(bytes: Uint8Array): string | undefined {
  let message = '';
  let code = 0;
  fields(bytes, {
    2: (reader) => (message = reader.bytes().toString()),
    3: (reader) => (code = reader.int64()),
  });
  return code === 2 ? message : undefined;
}

function decodeAttribute(bytes: Uint8Array, into: Record<string, AttributeValue>): void {
  let key = '';
  let value: AttributeValue | undefined;
  fields(bytes, {
    1: (reader) => (key = reader.bytes().toString()),
    2: (reader) => (value = decodeValue(reader.bytes())),
  });
  if (value !== undefined) into[key] = value;
}

function decodeValue(bytes: Uint8Array): AttributeValue | undefined {
  let value: AttributeValue | undefined;
  const texts: string[] = [];
  fields(bytes, {
    1: (reader) => (value = reader.bytes().toString()),
    2: (reader) => (value = reader.int64() === 1),
    3: (reader) => (value = reader.int64()),
    4: (reader) => (value = reader.double()),
    5: (reader) => {
      fields(reader.bytes(), { 1: (each) => texts.push(String(decodeValue(each.bytes()))) });
      value = texts;
    },
  });
  return value;
}
