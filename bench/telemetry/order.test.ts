import { describe, expect, test } from 'vitest';
import { balancedOrder } from './order.ts';

describe.each([4, 5, 6, 7])('of %i sides', (n) => {
  const sides = Array.from({ length: n }, (_, i) => String(i));
  const rows = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => balancedOrder(sides, from + i));

  test('a row has every side once', () => {
    for (const row of rows(-1, 2 * n + 1)) expect(row.toSorted()).toEqual(sides);
  });

  test('each follows every other equally often', () => {
    const follows = new Map<string, number>();
    for (const row of rows(0, 2 * n)) {
      for (const [i, side] of row.entries()) {
        const pair = `${row[i - 1]} ${side}`;
        if (i > 0) follows.set(pair, (follows.get(pair) ?? 0) + 1);
      }
    }
    expect(follows.size).toBe(n * (n - 1));
    expect(new Set(follows.values())).toEqual(new Set([2]));
  });

  test('none follows itself, nor from one row to the next', () => {
    const all = rows(-1, 4 * n + 1).flat();
    expect(all.filter((side, i) => side === all[i - 1])).toEqual([]);
  });
});
