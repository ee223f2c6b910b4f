/**
 * Frees what was read without waiting for the garbage's collection, which memory outside of the heap brings about by its sheer
 * size. Every view of the chunk is empty afterwards. One that shares its memory with others, a slice or of Node's pool, is
 * left alone.
 */
export function freeChunk({ buffer, byteLength }: Buffer): void {
  if (buffer.byteLength === byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
