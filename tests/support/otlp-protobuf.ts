import type { SeenSpan, SeenValue } from './otlp-sink.ts';

/** One field of a protobuf message: its number and its value as it stands on the wire. */
type Field = readonly [number: number, value: bigint | Buffer];

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const STATUSES = ['unset', 'ok', 'error'] as const;

function varint(bytes: Buffer, at: number): [value: bigint, next: number] {
  let value = 0n;
  for (let index = at, shift = 0n; ; index++, shift += 7n) {
    const byte = bytes[index];
    if (byte === undefined) throw new Error(`protobuf: a varint at ${at} has no end`);
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return [value, index + 1];
  }
}

/** The fields of a message in their order. Throws where it is no protobuf. */
function fieldsOf(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  while (at < bytes.length) {
    const [tag, next] = varint(bytes, at);
    const number = Number(tag >> 3n);
    const type = Number(tag & 7n);
    if (type === 0) {
      const [value, end] = varint(bytes, next);
      fields.push([number, value]);
      at = end;
    } else if (type === 1) {
      fields.push([number, bytes.readBigUInt64LE(next)]);
      at = next + 8;
    } else if (type === 5) {
      fields.push([number, BigInt(bytes.readUInt32LE(next))]);
      at = next + 4;
    } else if (type === 2) {
      const [length, from] = varint(bytes, next);
      at = from + Number(length);
      if (at > bytes.length)
        throw new Error(`protobuf: field ${number} at ${next} is longer than the message`);
      fields.push([number, bytes.subarray(from, at)]);
    } else throw new Error(`protobuf: field ${number} has the wire type ${type}`);
  }
  return fields;
}

const all = (fields: readonly Field[], number: number) =>
  fields.flatMap(([at, value]) => (at === number && typeof value !== 'bigint' ? [value] : []));
const bytesOf = (fields: readonly Field[], number: number) => all(fields, number).at(-1);
const text = (fields: readonly Field[], number: number) => bytesOf(fields, number)?.toString('utf8') ?? '';
const hex = (fields: readonly Field[], number: number) => bytesOf(fields, number)?.toString('hex') ?? '';
const integer = (fields: readonly Field[], number: number) => {
  const value = fields.findLast(([at]) => at === number)?.[1];
  return typeof value === 'bigint' ? value : 0n;
};

function double(bits: bigint): number {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(bits);
  return buffer.readDoubleLE();
}

function anyValue(bytes: Buffer): SeenValue {
  const [field] = fieldsOf(bytes);
  if (!field) return null;
  const [number, value] = field;
  if (typeof value === 'bigint') {
    if (number === 2) return value !== 0n;
    return number === 4 ? double(value) : Number(BigInt.asIntN(64, value));
  }
  if (number === 5) return all(fieldsOf(value), 1).map(anyValue);
  return number === 1 ? value.toString('utf8') : value.toString('hex');
}

function attributes(fields: readonly Field[], number: number): Record<string, SeenValue> {
  return Object.fromEntries(
    all(fields, number).map((pair) => {
      const entry = fieldsOf(pair);
      return [text(entry, 1), anyValue(bytesOf(entry, 2) ?? Buffer.alloc(0))];
    }),
  );
}

const micros = (nanos: bigint) => Number(nanos) / 1_000;

function spanOf(bytes: Buffer, resource: SeenSpan['resource'], scope: string): SeenSpan {
  const span = fieldsOf(bytes);
  const status = fieldsOf(bytesOf(span, 15) ?? Buffer.alloc(0));
  return {
    ...{ resource, scope, traceId: hex(span, 1), spanId: hex(span, 2), traceState: text(span, 3) },
    parentSpanId: hex(span, 4) || null,
    name: text(span, 5),
    kind: KINDS[Number(integer(span, 6))] ?? 'unspecified',
    startUs: micros(integer(span, 7)),
    endUs: micros(integer(span, 8)),
    attributes: attributes(span, 9),
    events: all(span, 11).map((event) => {
      const fields = fieldsOf(event);
      return { atUs: micros(integer(fields, 1)), name: text(fields, 2), attributes: attributes(fields, 3) };
    }),
    links: all(span, 13).map((link) => {
      const fields = fieldsOf(link);
      return { traceId: hex(fields, 1), spanId: hex(fields, 2), attributes: attributes(fields, 4) };
    }),
    status: STATUSES[Number(integer(status, 3))] ?? 'unset',
    statusMessage: text(status, 2),
  };
}

/** The spans of an `ExportTraceServiceRequest`. */
export function spansOfProtobuf(bytes: Buffer): SeenSpan[] {
  return all(fieldsOf(bytes), 1).flatMap((resourceSpans) => {
    const group = fieldsOf(resourceSpans);
    const resource = attributes(fieldsOf(bytesOf(group, 1) ?? Buffer.alloc(0)), 1);
    return all(group, 2).flatMap((scopeSpans) => {
      const fields = fieldsOf(scopeSpans);
      const scope = text(fieldsOf(bytesOf(fields, 1) ?? Buffer.alloc(0)), 1);
      return all(fields, 2).map((span) => spanOf(span, resource, scope));
    });
  });
}
