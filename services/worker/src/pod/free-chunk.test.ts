import { expect, test } from 'vitest';
import { freeChunk } from './free-chunk.ts';

test('a chunk with memory of its own is freed', () => {
  const chunk = Buffer.allocUnsafeSlow(64 * 1024);
  freeChunk(chunk);
  expect([chunk.length, chunk.buffer.byteLength]).toEqual([0, 0]);
});

test('one that shares its memory is left alone', () => {
  const whole = Buffer.allocUnsafeSlow(16).fill(7);
  for (const chunk of [whole.subarray(0, 8), whole.subarray(8), Buffer.from('of the pool')]) freeChunk(chunk);
  expect([...whole]).toEqual(Array.from({ length: 16 }, () => 7));
});
