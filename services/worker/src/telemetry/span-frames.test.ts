import { expect, test } from 'vitest';
import { createFrameReader, FRAME_HEADER_BYTES, frameHeader, MAX_FRAME_BYTES } from './span-frames.ts';

const frame = (text: string, count: number) =>
  Buffer.concat([frameHeader(Buffer.byteLength(text), count), Buffer.from(text)]);

test.each([1, 2, 3, 7, 8, 9, 64, 1_000])('frames are whole, in chunks of %i bytes', (size) => {
  const texts = ['spans', '', 'x'.repeat(300), 'last'];
  const stream = Buffer.concat(texts.map((text, count) => frame(text, count)));
  const reader = createFrameReader();
  const frames = Array.from({ length: Math.ceil(stream.length / size) }, (_, at) =>
    reader.push(stream.subarray(at * size, (at + 1) * size)),
  ).flat();
  expect(frames.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(texts);
  expect(frames.map(({ count }) => count)).toEqual([0, 1, 2, 3]);
});

test('a frame that its writer’s death cut off is none', () => {
  const reader = createFrameReader();
  expect(reader.push(frame('whole', 2).subarray(0, -1))).toEqual([]);
});

test('who speaks otherwise is not waited for', () => {
  const reader = createFrameReader();
  expect(() => reader.push(frameHeader(MAX_FRAME_BYTES + 1, 1))).toThrow(RangeError);
  expect(FRAME_HEADER_BYTES).toBe(8);
});
