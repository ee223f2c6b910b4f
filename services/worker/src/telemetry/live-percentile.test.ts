import { expect, test } from 'vitest';
import { createLivePercentile } from './live-percentile.ts';

const SECOND_US = 1_000_000;

/** Deterministic numbers from 0 to 1. */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test('nothing is above a limit that few samples would set', () => {
  const live = createLivePercentile();
  for (let at = 0; at < 199; at += 1) expect(live.isAbove(10, at)).toBe(false);
  expect(live.limitUs).toBe(Number.POSITIVE_INFINITY);
});

test.each([
  { name: 'microseconds', scale: 20 },
  { name: 'milliseconds', scale: 5_000 },
  { name: 'minutes', scale: 120 * SECOND_US },
])('about one in a hundred is above, of $name', ({ scale }) => {
  const live = createLivePercentile();
  const random = randoms(7);
  const exponential = () => -Math.log(1 - random()) * scale;
  let above = 0;
  const samples = 100_000;
  for (let at = 0; at < samples; at += 1) if (live.isAbove(exponential(), at * 100)) above += 1;
  expect(above / samples).toBeGreaterThan(0.004);
  expect(above / samples).toBeLessThan(0.0125);
  expect(live.limitUs / (scale * Math.log(100))).toBeGreaterThan(0.9);
  expect(live.limitUs / (scale * Math.log(100))).toBeLessThan(1.25);
});

test('where all are alike none is above', () => {
  const live = createLivePercentile();
  for (let at = 0; at < 5_000; at += 1) expect(live.isAbove(1_234, at)).toBe(false);
});

test('what is slow since a moment ago is above at first, and soon the rule', () => {
  const live = createLivePercentile();
  for (let at = 0; at < 10_000; at += 1) live.isAbove(1_000, at * 1_000);
  let above = 0;
  for (let at = 0; at < 10_000; at += 1) if (live.isAbove(50_000, (10_000 + at) * 1_000)) above += 1;
  expect(above).toBeGreaterThan(50);
  expect(above).toBeLessThan(500);
});

test('what was slow long ago is forgotten', () => {
  const live = createLivePercentile();
  for (let at = 0; at < 3_000; at += 1) live.isAbove(50_000, at * 10_000);
  for (let at = 0; at < 6_000; at += 1) live.isAbove(1_000, 30 * SECOND_US + at * 10_000);
  expect(live.limitUs).toBeLessThan(1_100);
});

test('garbage is no reason to fail', () => {
  const live = createLivePercentile();
  for (const odd of [-5, 0, 0.4, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 40]) {
    for (let at = 0; at < 100; at += 1) live.isAbove(odd, at);
  }
  expect(live.limitUs).toBe(Number.POSITIVE_INFINITY);
});
