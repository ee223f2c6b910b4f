import { expect, test } from 'vitest';
import { PARTS, planFor } from './settings.ts';
import { OURS, STOCK } from './sides.ts';

test.each(PARTS)('a full run of the part with %s is made of whole orders', (part) => {
  const { rounds, pairs } = planFor(part, false, null);
  expect((rounds * pairs) % (2 * (OURS.length + STOCK.length))).toBe(0);
});
