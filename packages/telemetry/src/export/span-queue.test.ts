import { expect, test } from 'vitest';
import { createSpanQueue } from './span-queue.ts';

const MIB = 2 ** 20;
const spans = (count: number, size: number) => ({ bytes: new Uint8Array(size), count });

test('a request holds no more spans than it may, nor more bytes than a collector takes, but always something', () => {
  const queue = createSpanQueue(100, 4);
  for (const each of [spans(3, 10), spans(2, 10), spans(2, 2 * MIB), spans(1, 2 * MIB), spans(1, 5 * MIB)]) {
    expect(queue.add(each)).toBe(true);
  }
  const counts = [];
  for (let batch = queue.takeBatch(); batch; batch = queue.takeBatch()) counts.push(batch.count);
  expect(counts).toEqual([3, 4, 1, 1]);
});

test('what waits is bounded by its number and by its size, and room comes back', () => {
  const few = createSpanQueue(3, 4);
  expect([few.add(spans(2, 10)), few.add(spans(2, 10)), few.add(spans(1, 10))]).toEqual([true, false, true]);
  const large = createSpanQueue(1_000, 100);
  const fill = () => Array.from({ length: 20 }, () => large.add(spans(1, 2 * MIB))).filter((taken) => taken);
  expect(fill()).toHaveLength(16);
  expect(large.takeBatch()?.count).toBe(1);
  expect(fill()).toHaveLength(1);
  expect(large.clear()).toBe(16);
  expect(fill()).toHaveLength(16);
});
