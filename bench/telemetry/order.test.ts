import { expect, test } from 'vitest';
import { balancedOrder } from './order.ts';

const SIDES = ['a', 'b', 'c', 'd', 'e'];
const rows = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => balancedOrder(SIDES, from + i));

test('a row has every side once', () => {
  for (const row of rows(-1, 21)) expect(row.toSorted()).toEqual(SIDES);
});

test('each follows every other equally often', () => {
  const follows = new Map<string, number>();
  for (const row of rows(0, 2 * SIDES.length)) {
    for (const [i, side] of row.entries()) {
      const pair = `${row[i - 1]}${side}`;
      if (i > 0) follows.set(pair, (follows.get(pair) ?? 0) + 1);
    }
  }
  expect(follows.size).toBe(SIDES.length * (SIDES.length - 1));
  expect(new Set(follows.values())).toEqual(new Set([2]));
});

test('none follows itself, nor from one row to the next', () => {
  const all = rows(-1, 41).flat();
  expect(all.filter((side, i) => side === all[i - 1])).toEqual([]);
});
