export const PRIME = 0x01000193;
export const TWO_32 = 2 ** 32;
/** A seed for each 32-bit lane of an id. */
export const SEEDS = [0x811c9dc5, 0x9e3779b1, 0x85ebca6b, 0xc2b2ae35] as const;

/** FNV-1a over the text's UTF-16 units and its length, from `state`. */
export function absorb(state: number, text: string): number {
  let hash = state | 0;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME);
  return Math.imul(hash ^ text.length, PRIME);
}

/** murmur3's finish, as a number from 0 on: every bit of the state moves every bit of the answer. */
export function finish(state: number): number {
  let hash = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The character of the hex digit that stands in `bits` above its lowest `from`. */
function digit(bits: number, from: number): number {
  const value = (bits >>> from) & 15;
  return value + (value < 10 ? 0x30 : 0x57);
}

const scratch = Buffer.alloc(16);

/** Lanes of 32 bits, two or four, as hex digits: two are faster digit by digit, four through bytes. */
export function hexOf(a: number, b: number, c?: number, d?: number): string {
  if (c === undefined || d === undefined) {
    // biome-ignore format: a line for each lane
    return String.fromCharCode(
      digit(a, 28), digit(a, 24), digit(a, 20), digit(a, 16), digit(a, 12), digit(a, 8), digit(a, 4), digit(a, 0),
      digit(b, 28), digit(b, 24), digit(b, 20), digit(b, 16), digit(b, 12), digit(b, 8), digit(b, 4), digit(b, 0),
    );
  }
  scratch.writeInt32BE(a | 0, 0);
  scratch.writeInt32BE(b | 0, 4);
  scratch.writeInt32BE(c | 0, 8);
  scratch.writeInt32BE(d | 0, 12);
  return scratch.toString('hex');
}
