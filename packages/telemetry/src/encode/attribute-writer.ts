import type { SpanLimits } from '../settings/settings.ts';
import type { Attributes, AttributeValue } from '../span-record.ts';
import type { ProtoWriter } from './proto-writer.ts';

/** Keys come again and again; this many are known at most. */
const MAX_KEYS = 1024;
/** So do most values: of each key the first few are remembered as they were encoded, if they are short. */
const MAX_VALUES = 16;
const MAX_BYTES = 256;
/** A key that went past its values so often has a new one each time: it is not looked up any more. */
const MAX_MISSES = 64;

/** A key's encoding, and those of its attributes that come again. */
interface KnownKey {
  /** `KeyValue.key` with its tag, and the tag of `KeyValue.value`. */
  readonly head: Uint8Array;
  /** Null for a key whose values never come again. */
  values: Map<AttributeValue, Uint8Array> | null;
  misses: number;
}

/** Writes attributes as repeated `KeyValue`s; first those of `shared`, an object that comes again and never changes. */
export type AttributeWriter = (attributes: Attributes, shared?: Attributes) => void;

/**
 * For one place in the message: the field's tag is part of what is remembered. How many attributes the limits left
 * out goes under `droppedTag`.
 */
export function createAttributeWriter(
  writer: ProtoWriter,
  limits: SpanLimits,
  tag: number,
  droppedTag: number,
): AttributeWriter {
  const keys = new Map<string, KnownKey>();
  const encodings = new WeakMap<Attributes, { readonly bytes: Uint8Array; readonly number: number }>();

  function known(key: string): KnownKey {
    let found = keys.get(key);
    if (!found) {
      found = { head: headOf(key), values: new Map(), misses: 0 };
      if (keys.size < MAX_KEYS) keys.set(key, found);
    }
    return found;
  }

  function writeOne(key: string, value: AttributeValue): void {
    const entry = known(key);
    const encoded = entry.values?.get(value);
    if (encoded) {
      writer.raw(encoded);
      return;
    }
    const from = writer.size;
    writeKeyValue(writer, tag, entry.head, value, limits);
    if (entry.values) remember(entry, entry.values, value, from);
  }

  function remember(
    entry: KnownKey,
    values: Map<AttributeValue, Uint8Array>,
    value: AttributeValue,
    from: number,
  ): void {
    if (values.size < MAX_VALUES) {
      const isWorth = typeof value !== 'object' && writer.size - from <= MAX_BYTES;
      if (isWorth) values.set(value, writer.copyFrom(from));
    } else if (++entry.misses > MAX_MISSES) entry.values = null;
  }

  /** Behind `before` others; answers how many there are then, those that the limits leave out among them. */
  function writeAll(attributes: Attributes, before: number): number {
    let number = before;
    for (const key in attributes) {
      const value = attributes[key];
      if (value === undefined) continue;
      if (++number <= limits.attributes) writeOne(key, value);
    }
    return number;
  }

  function writeShared(shared: Attributes): number {
    const known = encodings.get(shared);
    if (known) {
      writer.raw(known.bytes);
      return known.number;
    }
    const from = writer.size;
    const number = writeAll(shared, 0);
    encodings.set(shared, { bytes: writer.copyFrom(from), number });
    return number;
  }

  return (attributes, shared) => {
    const number = writeAll(attributes, shared ? writeShared(shared) : 0);
    writer.dropped(droppedTag, number - limits.attributes);
  };
}

function headOf(key: string): Uint8Array {
  const bytes = Buffer.from(key);
  const length: number[] = [];
  let rest = bytes.length;
  for (; rest > 0x7f; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
  return Uint8Array.from([0x0a, ...length, rest, ...bytes, 0x12]);
}

/** Tag, length, key, and an `AnyValue` with its length. */
function writeKeyValue(
  writer: ProtoWriter,
  tag: number,
  head: Uint8Array,
  value: AttributeValue,
  limits: SpanLimits,
): void {
  writer.reserve(head.length + 64);
  writer.byte(tag);
  const mark = writer.open();
  writer.raw(head);
  writeValue(writer, value, limits);
  writer.close(mark);
}

function writeValue(writer: ProtoWriter, value: AttributeValue, limits: SpanLimits): void {
  const mark = writer.open();
  if (typeof value === 'string') writer.text(0x0a, cut(value, limits));
  else if (typeof value === 'number') writeNumber(writer, value);
  else if (typeof value === 'boolean') {
    writer.byte(0x10);
    writer.byte(value ? 1 : 0);
  } else writeArray(writer, value, limits);
  writer.close(mark);
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

/** A text as the limits let it be. */
export const cut = (text: string, { valueLength }: SpanLimits) =>
  text.length > valueLength ? text.slice(0, valueLength) : text;
