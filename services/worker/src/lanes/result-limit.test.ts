import { expect, test } from 'vitest';
import { withinLimit } from './result-limit.ts';

const limited = (value: unknown, maxBytes = 10) => withinLimit({ kind: 'ok', value }, maxBytes);

test('bytes are counted as the store will hold them', () => {
  expect(limited('12345678')).toMatchObject({ kind: 'ok' });
  expect(limited('123456789')).toMatchObject({ kind: 'fail', error: { code: 'result_too_large' } });
  expect(limited('ééé').kind).toBe('ok');
  expect(limited('ééééé').kind).toBe('fail');
});

test('nothing returned is null', () => {
  expect(limited(undefined)).toEqual({ kind: 'ok', value: null });
});

test.each([
  ['a function', () => 1],
  ['a bigint', 1n],
  ['a symbol', Symbol('s')],
])('%s is no result', (_, value) => {
  expect(limited(value)).toMatchObject({ kind: 'fail', retry: false });
});

test('a circle is no result', () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  expect(limited(circle)).toMatchObject({ kind: 'fail', retry: false });
});

test('other outcomes pass', () => {
  expect(withinLimit({ kind: 'snooze', delayMs: 5 }, 0)).toEqual({ kind: 'snooze', delayMs: 5 });
});
