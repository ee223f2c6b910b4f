import { expect, test } from 'vitest';
import { createBatchBuffers } from './batch-buffers.ts';

const KIB = 1024;

test('what was given back is taken again, by who needs no more', () => {
  const buffers = createBatchBuffers();
  const first = buffers.take(8 * KIB);
  expect(first).toHaveLength(8 * KIB);
  buffers.giveBack(first);
  expect(buffers.take(9 * KIB)).toHaveLength(9 * KIB);
  expect(buffers.take(5)).toBe(first);
  expect(buffers.take(5)).toHaveLength(5);
});

test('two are kept, the last, and none that is large', () => {
  const buffers = createBatchBuffers();
  const [oldest, older, last, large] = [8, 8, 8, 2_048].map((kib) => Buffer.allocUnsafeSlow(kib * KIB));
  for (const each of [oldest, older, last, large]) if (each) buffers.giveBack(each);
  expect([buffers.take(1), buffers.take(1)]).toEqual([older, last]);
  expect(buffers.take(1)).toHaveLength(1);
});
