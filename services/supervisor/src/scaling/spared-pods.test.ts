import { describe, expect, test } from 'vitest';
import { sparedPods } from './spared-pods.ts';

const loads = [
  { pod: 'idle', pool: 'p', most: 0, least: 0 },
  { pod: 'now and then', pool: 'p', most: 9, least: 0 },
  { pod: 'one', pool: 'p', most: 1, least: 1 },
  { pod: 'many', pool: 'p', most: 9, least: 9 },
];
/** Who is to be spared, with its number. */
const spared = (...args: Parameters<typeof sparedPods>) =>
  [...sparedPods(...args)].filter(([, cost]) => cost > 0);
const aim = (desired: number, wanted: number, present = wanted) =>
  new Map([['p', { desired, wanted, present }]]);

describe('who is spared in a scale-in', () => {
  test('the busy, those with the most to do the longest', () => {
    expect([...sparedPods(loads, aim(1, 3))]).toEqual([
      ['idle', 0],
      ['now and then', 100],
      ['one', 110],
      ['many', 140],
    ]);
  });

  test('nobody, when as many are desired as there are', () => {
    expect(spared(loads, aim(3, 3))).toEqual([]);
    expect(spared(loads, aim(5, 3))).toEqual([]);
  });

  test('still the busy while the controller is to take some away, though the number is reached', () => {
    expect(spared(loads, aim(1, 1, 3))).toHaveLength(3);
    expect(spared(loads, aim(1, 1, 1))).toEqual([]);
  });

  test('a job more or less is no new number, twice as many are', () => {
    const costOf = (busy: number) =>
      sparedPods([{ pod: 'x', pool: 'p', most: busy, least: busy }], aim(1, 3)).get('x');
    expect([1, 2, 3, 4, 7, 8].map(costOf)).toEqual([110, 120, 120, 130, 130, 140]);
  });
});
