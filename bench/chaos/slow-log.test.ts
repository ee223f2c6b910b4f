import { expect, test } from 'vitest';
import { longestOf } from './slow-log.ts';

const entry = (us: number, ...words: string[]) => [1, 1_700_000_000, us, words, '127.0.0.1:1', ''];

test('the longest call of all is told, whatever it is', () => {
  const entries = [
    entry(2_000, 'evalsha', 'abc', '7', 'bull:chaos:wait', 'more'),
    entry(9_000, 'LRANGE', 'k', '0', '-1'),
  ];
  expect(longestOf(entries)).toEqual({ of: { ms: 9, what: 'LRANGE k 0 -1' }, plainMs: 9 });
  expect(longestOf(entries.slice(0, 1))).toEqual({
    of: { ms: 2, what: 'evalsha abc 7 bull:chaos:wait' },
    plainMs: 0,
  });
  expect(longestOf([])).toEqual({ of: { ms: 0, what: '' }, plainMs: 0 });
});
