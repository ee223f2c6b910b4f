import { expect, test } from 'vitest';
import { createSpanQueue } from './span-queue.ts';

const MIB = 2 ** 20;
const ROOM = { ahead: 5, behind: 3 };
const spans = (count: number, size: number) => ({ bytes: new Uint8Array(size), count });

test('a request holds no more spans than it may, nor more bytes than a collector takes, but always something', () => {
  const queue = createSpanQueue(100, 4, ROOM);
  for (const each of [spans(3, 10), spans(2, 10), spans(2, 2 * MIB), spans(1, 2 * MIB), spans(1, 5 * MIB)]) {
    expect(queue.add(each)).toBe(true);
  }
  const counts = [];
  for (let batch = queue.takeBatch(); batch; batch = queue.takeBatch()) counts.push(batch.count);
  expect(counts).toEqual([3, 4, 1, 1]);
});

test('what waits is bounded by its number and by its size, and room comes back', () => {
  const few = createSpanQueue(3, 4, ROOM);
  expect([few.add(spans(2, 10)), few.add(spans(2, 10)), few.add(spans(1, 10))]).toEqual([true, false, true]);
  const large = createSpanQueue(1_000, 100, ROOM);
  const fill = () => Array.from({ length: 20 }, () => large.add(spans(1, 2 * MIB))).filter((taken) => taken);
  expect(fill()).toHaveLength(15);
  expect(large.takeBatch()?.count).toBe(1);
  expect(fill()).toHaveLength(1);
  expect(large.clear()).toBe(15);
  expect(fill()).toHaveLength(15);
});

test('what comes lies behind the room, one behind another, and leaves room behind it', () => {
  const queue = createSpanQueue(100_000, 100_000, ROOM);
  const text = (at: number) => String(at).repeat(at % 300);
  const texts = Array.from({ length: 1_000 }, (_, at) => text(at));
  for (const each of texts) queue.add({ bytes: Buffer.from(each), count: 1 });
  const batch = queue.takeBatch();
  expect(batch?.buffer.toString('utf8', ROOM.ahead, batch.end)).toBe(texts.join(''));
  expect(batch?.count).toBe(1_000);
  expect((batch?.buffer.length ?? 0) - (batch?.end ?? 0)).toBeGreaterThanOrEqual(ROOM.behind);
});

test('a buffer that was given back is the next one’s, and what was in it is not', () => {
  const queue = createSpanQueue(100, 4, ROOM);
  queue.add({ bytes: Buffer.from('first'), count: 4 });
  const first = queue.takeBatch();
  queue.add({ bytes: Buffer.from('other'), count: 4 });
  if (first) queue.giveBack(first);
  queue.add({ bytes: Buffer.from('next'), count: 4 });
  const [other, next] = [queue.takeBatch(), queue.takeBatch()];
  expect(other?.buffer).not.toBe(first?.buffer);
  expect(next?.buffer).toBe(first?.buffer);
  expect(next?.buffer.toString('utf8', ROOM.ahead, next.end)).toBe('next');
});

test('batches of one small span each hold hardly more than it', () => {
  const queue = createSpanQueue(200_000, 1, ROOM);
  for (let at = 0; at < 50_000; at++) expect(queue.add(spans(1, 500))).toBe(true);
});

test('a buffer that grew and came back holds what comes next, and no more', () => {
  const queue = createSpanQueue(100, 4, ROOM);
  for (let round = 0; round < 3; round++) {
    for (const letter of 'abcd') queue.add({ bytes: Buffer.from(letter.repeat(10_000)), count: 1 });
    const batch = queue.takeBatch();
    const text = batch?.buffer.toString('utf8', ROOM.ahead, batch.end);
    expect(text).toBe([...'abcd'].map((letter) => letter.repeat(10_000)).join(''));
    if (batch) queue.giveBack(batch);
  }
});
