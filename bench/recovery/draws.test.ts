import { expect, it } from 'vitest';
import { draws } from './draws.ts';

it('draws lie in [0, 1), spread over it, and belong to their seed', () => {
  const [one, same, other] = [draws(1), draws(1), draws(2)];
  const drawn = Array.from({ length: 1_000 }, () => one());
  expect(drawn.every((x) => x >= 0 && x < 1)).toBe(true);
  expect(drawn.reduce((sum, x) => sum + x, 0) / drawn.length).toBeCloseTo(0.5, 1);
  expect(Array.from({ length: 1_000 }, () => same())).toEqual(drawn);
  expect(other()).not.toBe(drawn[0]);
});
