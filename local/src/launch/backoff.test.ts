import { expect, it } from 'vitest';
import { restartDelayMs } from './backoff.ts';

it('waits longer after each further exit, never more than ten seconds, and never not at all', () => {
  const exits = [0, 10, 20, 30, 40, 50, 60];
  const delays = exits.map((_, i) => restartDelayMs(exits.slice(0, i + 1), 60));
  expect(delays).toEqual([50, 200, 800, 3200, 10_000, 10_000, 10_000]);
});

it('forgets exits that are a minute old', () => {
  expect(restartDelayMs([0, 1_000, 70_000], 70_000)).toBe(50);
});
