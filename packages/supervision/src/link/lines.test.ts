import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLineReader, encodeLine, MAX_LINE_BYTES, parseObject } from './lines.ts';

test('however the bytes are cut, the lines come out whole and in order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(fc.string(), fc.string({ unit: 'grapheme' })), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      (messages, cuts) => {
        const bytes = Buffer.from(messages.map(encodeLine).join(''));
        const reader = createLineReader();
        const lines: string[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const step = cuts[i % cuts.length] ?? 1;
          lines.push(...reader.push(bytes.subarray(at, at + step)));
          at += step;
        }
        expect(lines.map(parseObject)).toEqual(messages.map((m) => JSON.parse(JSON.stringify(m))));
      },
    ),
  );
});

test('a line that never ends is refused before it fills the memory', () => {
  const reader = createLineReader();
  reader.push(Buffer.alloc(MAX_LINE_BYTES - 1, 'x'));
  expect(() => reader.push(Buffer.from('x'))).toThrow(/longer than/);
});

test('a message too long for a line is refused by its sender', () => {
  expect(() => encodeLine({ text: 'x'.repeat(MAX_LINE_BYTES) })).toThrow(/bytes/);
});

test.each(['', 'x', '[]', 'null', '1', '{'])('%j is no message', (line) => {
  expect(parseObject(line)).toBeUndefined();
});
