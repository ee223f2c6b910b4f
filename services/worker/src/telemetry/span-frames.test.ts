import { expect, test } from 'vitest';
import { createFrameReader, FRAME_HEADER_BYTES, frameHeader, MAX_FRAME_BYTES } from './span-frames.ts';

const frame = (text: string, count: number) =>
  Buffer.concat([frameHeader(Buffer.byteLength(text), count), Buffer.from(text)]);

test.each([1, 2, 3, 7, 8, 9, 64, 1_000])('frames are whole, in chunks of %i bytes', (size) => {
  const texts = ['spans', '', 'x'.repeat(300), 'last'];
  const stream = Buffer.concat(texts.map((text, count) => frame(text, count)));
  const reader = createFrameReader();
  const came: string[] = [];
  const counts: number[] = [];
  for (let at = 0; at < stream.length; at += size) {
    const chunk = Buffer.from(stream.subarray(at, at + size));
    reader.push(chunk, ({ bytes, count }) => {
      came.push(Buffer.from(bytes).toString());
      counts.push(count);
    });
    // The chunk is whoever's it was again.
    chunk.fill(0xff);
  }
  expect(came).toEqual(texts);
  expect(counts).toEqual([0, 1, 2, 3]);
});

test('a frame that its writer’s death cut off is none', () => {
  const reader = createFrameReader();
  reader.push(frame('whole', 2).subarray(0, -1), () => expect.unreachable());
});

test('who speaks otherwise is not waited for', () => {
  const reader = createFrameReader();
  const none = () => expect.unreachable();
  expect(() => reader.push(frameHeader(MAX_FRAME_BYTES + 1, 1), none)).toThrow(RangeError);
  expect(FRAME_HEADER_BYTES).toBe(8);
});
