/** Reads protocol buffers' wire format: what our own encoder writes, and any field beside it that others do. */
export class ProtoReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The next field's number and wire type; null at the end. */
  next(): { field: number; wire: number } | null {
    if (this.#at >= this.#bytes.length) return null;
    const tag = Number(this.varint());
    return { field: tag >>> 3, wire: tag & 7 };
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#bytes.readUInt8(this.#at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
  }

  /** Two's complement of 64 bits, as a number. */
  int64(): number {
    return Number(BigInt.asIntN(64, this.varint()));
  }

  /** fixed64 nanoseconds → µs. */
  nanos(): number {
    const ns = this.#bytes.readBigUInt64LE(this.#at);
    this.#at += 8;
    return Number(ns / 1000n);
  }

  double(): number {
    const value = this.#bytes.readDoubleLE(this.#at);
    this.#at += 8;
    return value;
  }

  bytes(): Buffer {
    const length = Number(this.varint());
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new RangeError('the message ends inside a field');
    return this.#bytes.subarray(start, this.#at);
  }

  skip(wire: number): void {
    if (wire === 0) this.varint();
    else if (wire === 1) this.#at += 8;
    else if (wire === 2) this.bytes();
    else if (wire === 5) this.#at += 4;
    else throw new RangeError(`wire type ${wire} is not of protocol buffers' third version`);
  }
}

/** Calls `on` for every field; what it does not read (it says so by false) is skipped. */
export function eachField(
  bytes: Uint8Array,
  on: (field: number, reader: ProtoReader, wire: number) => boolean,
): void {
  const reader = new ProtoReader(bytes);
  for (let next = reader.next(); next; next = reader.next()) {
    if (!on(next.field, reader, next.wire)) reader.skip(next.wire);
  }
}
