import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_DEPTH, nestingDepth, parseJson } from './json-text.ts';

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

test('law: the depth of the text is the depth of the value', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
      expect(nestingDepth(JSON.stringify(value))).toBe(depthOf(value));
    }),
  );
});

test('law: JSON comes through as it is', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(parseJson(Buffer.from(text))).toEqual(JSON.parse(text));
    }),
  );
});

test('brackets within strings are not nesting', () => {
  expect(nestingDepth('{"a":"[[[\\"[[","b":[]}')).toBe(2);
});

test.each([
  ['truncated', '{"a":'],
  ['empty', ''],
  ['two values', '1 2'],
  ['a comment', '{} // x'],
  ['NaN', 'NaN'],
])('%s is malformed', (_, text) =>
  expect(() => parseJson(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'malformed' })),
);

test('bytes that are not UTF-8 are malformed, not replaced', () => {
  expect(() => parseJson(Buffer.from([0x22, 0xff, 0xfe, 0x22]))).toThrow(
    expect.objectContaining({ code: 'malformed' }),
  );
});

test('nesting that would overflow a stack further on is refused', () => {
  const nested = (levels: number) => Buffer.from('['.repeat(levels) + ']'.repeat(levels));
  expect(parseJson(nested(MAX_DEPTH))).toBeDefined();
  for (const levels of [MAX_DEPTH + 1, 100_000]) {
    expect(() => parseJson(nested(levels))).toThrow(expect.objectContaining({ code: 'invalid_data' }));
  }
});
