import { expect, test } from 'vitest';
import { DURATION_EDGES } from './edges.ts';
import { createDurationHistogram, durationsSince } from './histogram.ts';

const at = (edge: number) => DURATION_EDGES.indexOf(edge);

test('the edges rise, from 1 ms to 1 h, and those of the messaging conventions are among them', () => {
  expect([...DURATION_EDGES].sort((a, b) => a - b)).toEqual(DURATION_EDGES);
  expect([DURATION_EDGES[0], DURATION_EDGES.at(-1)]).toEqual([0.001, 3600]);
  const conventions = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
  expect(DURATION_EDGES).toEqual(expect.arrayContaining(conventions));
});

test('an edge belongs to the bucket below it; what is longer than the last has a bucket of its own', () => {
  const histogram = createDurationHistogram();
  for (const seconds of [0, -1, 0.001, 0.0010001, 1, 3600, 3601]) histogram.record(seconds);
  const { counts, sum } = histogram.counts();
  expect(counts).toHaveLength(DURATION_EDGES.length + 1);
  expect([counts[0], counts[1], counts[at(1)], counts[at(3600)], counts.at(-1)]).toEqual([3, 1, 1, 1, 1]);
  expect(sum).toBeCloseTo(7202.0020001, 9);
});

test('histograms add up, and their difference is what came between', () => {
  const [first, second] = [createDurationHistogram(), createDurationHistogram()];
  first.record(0.2);
  second.record(0.2);
  second.record(20);
  first.add(second.counts());
  const before = second.counts();
  second.record(7);
  expect(first.counts().counts[at(0.25)]).toBe(2);
  expect(first.counts().sum).toBeCloseTo(20.4, 9);
  const since = durationsSince(before, second.counts());
  expect([since.counts[at(7.5)], since.counts.reduce((a, b) => a + b), since.sum]).toEqual([1, 1, 7]);
  expect(durationsSince(null, before)).toEqual(before);
  expect(() => first.add({ counts: [1], sum: 1 })).toThrow(RangeError);
});
