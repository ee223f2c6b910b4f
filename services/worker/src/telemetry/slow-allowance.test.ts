import { expect, it } from 'vitest';
import { createSlowAllowance } from './slow-allowance.ts';

const count = (times: number, grant: (i: number) => boolean) =>
  Array.from({ length: times }, (_, i) => grant(i)).filter(Boolean).length;

it('keeps every slow one where one in a hundred is, and all of a burst', () => {
  const allowance = createSlowAllowance();
  expect(count(10_000, (i) => allowance.grant(i % 100 === 0))).toBe(100);
  expect(count(60, () => allowance.grant(true))).toBe(60);
});

it('keeps few where all are slow, and has its full share again after a while', () => {
  const allowance = createSlowAllowance();
  expect(count(10_000, () => allowance.grant(true))).toBeLessThanOrEqual(64 + 250);
  expect(count(10_000, () => allowance.grant(false))).toBe(0);
  expect(count(64, () => allowance.grant(true))).toBe(64);
});
