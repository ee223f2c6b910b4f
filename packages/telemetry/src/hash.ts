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

const scratch = Buffer.alloc(16);

/** Lanes of 32 bits, two or four, as hex digits: through bytes, which is faster than digit by digit. */
export function hexOf(a: number, b: number, c?: number, d?: number): string {
  scratch.writeInt32BE(a | 0, 0);
  scratch.writeInt32BE(b | 0, 4);
  if (c === undefined || d === undefined) return scratch.toString('hex', 0, 8);
  scratch.writeInt32BE(c | 0, 8);
  scratch.writeInt32BE(d | 0, 12);
  return scratch.toString('hex');
}
