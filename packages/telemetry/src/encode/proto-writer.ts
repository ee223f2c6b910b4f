/** Keys and names come again and again: their bytes are kept, for at most this many. */
const MAX_REMEMBERED = 1024;
/** Up to here a loop over an ASCII text is faster than a call into the runtime. */
const SHORT = 48;
const TWO_32 = 2 ** 32;
const VARINT = 0x80;
const LENGTH = 3;
/** What three bytes of a length can tell: 2 MiB. */
const MAX_FIELD = 0x1fffff;
/** '0'–'9', 'a'–'f', by their codes → 0–15. */
const DIGITS = new Uint8Array(128);
for (let digit = 0; digit < 16; digit++) DIGITS[digit.toString(16).charCodeAt(0)] = digit;

const tooLarge = () => new RangeError('a field of a span is over 2 MiB');

/**
 * Protocol buffers' wire format, into a buffer that is used again. Lengths that are not known beforehand get three
 * bytes (a varint may be longer than it needs to be), so nothing is measured twice or moved.
 */
export class ProtoWriter {
  #bytes = Buffer.allocUnsafe(64 * 1024);
  #at = 0;
  readonly #remembered = new Map<string, Uint8Array>();

  /** Bytes written since the last `take`. */
  get size(): number {
    return this.#at;
  }

  /** A copy of what was written; the writer begins anew. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#at));
    this.#at = 0;
    return taken;
  }

  /** Forgets what was written since `size` was `from`. */
  forget(from: number): void {
    this.#at = from;
  }

  /** Makes room for `more` bytes: to be called before anything of that size is written. */
  reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + more));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }

  byte(value: number): void {
    this.#bytes[this.#at++] = value;
  }

  /** A whole number from 0 to 2^53. */
  varint(value: number): void {
    let rest = value;
    while (rest >= TWO_32) {
      this.#bytes[this.#at++] = (rest % VARINT) | VARINT;
      rest = Math.floor(rest / VARINT);
    }
    let low = rest >>> 0;
    while (low >= VARINT) {
      this.#bytes[this.#at++] = (low & 0x7f) | VARINT;
      low >>>= 7;
    }
    this.#bytes[this.#at++] = low;
  }

  /** A whole number below 0, in two's complement of 64 bits. */
  negative(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest >= 0x80n; rest >>= 7n) this.#bytes[this.#at++] = Number(rest & 0x7fn) | VARINT;
    this.#bytes[this.#at++] = Number(rest);
  }

  /** µs since 1970 as fixed64 nanoseconds, exactly: the product would not fit a double. */
  nanos(us: number): void {
    const low = (us % TWO_32) * 1000;
    this.fixed32(low % TWO_32);
    this.fixed32(Math.floor(us / TWO_32) * 1000 + Math.floor(low / TWO_32));
  }

  fixed32(value: number): void {
    this.#at = this.#bytes.writeUInt32LE(value, this.#at);
  }

  double(value: number): void {
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  /** A field of bytes given as hex digits. */
  hex(tag: number, text: string): void {
    const bytes = this.#bytes;
    const count = text.length >> 1;
    bytes[this.#at++] = tag;
    bytes[this.#at++] = count;
    for (let pair = 0; pair < count; pair++) {
      bytes[this.#at++] =
        ((DIGITS[text.charCodeAt(2 * pair)] as number) << 4) |
        (DIGITS[text.charCodeAt(2 * pair + 1)] as number);
    }
  }

  /** A field of text. */
  text(tag: number, text: string): void {
    // Before room is made for it.
    if (text.length > MAX_FIELD) throw tooLarge();
    this.reserve(3 * text.length + 8);
    this.#bytes[this.#at++] = tag;
    if (text.length > SHORT || !this.#ascii(text)) this.#utf8(text);
  }

  #ascii(text: string): boolean {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start + 1;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    bytes[start] = text.length;
    this.#at = at;
    return true;
  }

  #utf8(text: string): void {
    const mark = this.open();
    this.#at += this.#bytes.write(text, this.#at, 'utf8');
    this.close(mark);
  }

  /** A field of text that comes again and again. */
  name(tag: number, text: string): void {
    let bytes = this.#remembered.get(text);
    if (!bytes) {
      bytes = new Uint8Array(Buffer.from(text));
      if (this.#remembered.size < MAX_REMEMBERED) this.#remembered.set(text, bytes);
    }
    this.reserve(bytes.length + 8);
    this.#bytes[this.#at++] = tag;
    this.varint(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Bytes as they are. */
  raw(source: Uint8Array): void {
    const { length } = source;
    this.reserve(length);
    const bytes = this.#bytes;
    let at = this.#at;
    if (length > SHORT) bytes.set(source, at);
    else for (let index = 0; index < length; index++) bytes[at + index] = source[index] as number;
    at += length;
    this.#at = at;
  }

  /** What was written since `size` was `from`. */
  copyFrom(from: number): Uint8Array {
    return Uint8Array.from(this.#bytes.subarray(from, this.#at));
  }

  /** A count of what was left out; none, no field. */
  dropped(tag: number, count: number): void {
    if (count <= 0) return;
    this.reserve(16);
    this.byte(tag);
    this.varint(count);
  }

  /** Leaves room for a length; what is written until `close` is the field's content. */
  open(): number {
    this.reserve(64);
    this.#at += LENGTH;
    return this.#at;
  }

  close(mark: number): void {
    const length = this.#at - mark;
    if (length > MAX_FIELD) throw tooLarge();
    this.#bytes[mark - 3] = (length & 0x7f) | VARINT;
    this.#bytes[mark - 2] = ((length >>> 7) & 0x7f) | VARINT;
    this.#bytes[mark - 1] = length >>> 14;
    this.reserve(64);
  }
}
