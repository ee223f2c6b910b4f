import { expect, test } from 'vitest';
import { createPodClocks } from './pod-clocks.ts';

const HOUR = 3_600_000;

test('a pod’s moments are told in our time, however far its clock is off', () => {
  const clocks = createPodClocks();
  expect(clocks.toOurs('p', 5)).toBe(5);
  // Its clock is an hour ahead; beats are on their way for 3, 1 and 400 ms.
  for (const [sent, wayMs] of [
    [1_000, 3],
    [1_250, 1],
    [1_500, 400],
  ] as const)
    clocks.heard('p', sent + HOUR, sent + wayMs);
  expect(clocks.toOurs('p', 1_600 + HOUR)).toBe(1_601);
  expect(clocks.toOurs('q', 1_600)).toBe(1_600);
});

test('a clock that jumped is known anew a few beats later', () => {
  for (const jumpMs of [HOUR, -HOUR]) {
    const clocks = createPodClocks();
    for (let at = 0; at < 2_500; at += 250) clocks.heard('p', at, at + 1);
    for (let at = 2_500; at < 3_500; at += 250) clocks.heard('p', at + jumpMs, at + 1);
    expect(clocks.toOurs('p', 4_000 + jumpMs)).toBe(4_001);
  }
});

test('a pod that is gone is forgotten', () => {
  const clocks = createPodClocks();
  clocks.heard('p', 0, 50);
  clocks.gone('p');
  expect(clocks.toOurs('p', 7)).toBe(7);
});
