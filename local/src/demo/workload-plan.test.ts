import { expect, it } from 'vitest';
import { markedData } from './marked-data.ts';
import { demoParameters, expectedChecksum, plannedCrashes } from './workload-plan.ts';

it('kills at the first three crashes of seed 42', () => {
  expect(plannedCrashes(demoParameters({ jobs: 20_000, seed: 42 }))).toEqual([
    { atMs: 650, slot: 3 },
    { atMs: 1351, slot: 3 },
    { atMs: 1755, slot: 1 },
  ]);
});

it('expects the checksums that the workload is defined by', () => {
  expect(expectedChecksum(demoParameters({ jobs: 20_000, seed: 42 }))).toBe(2_394_122_880);
  expect(expectedChecksum(demoParameters({ jobs: 1_000, seed: 7 }))).toBe(2_334_108_096);
});

it('knows the jobs of its own run by their filler alone', () => {
  const ours = markedData('a1', 42);
  expect(ours.idOf(JSON.stringify(ours.of(7)))).toBe(7);
  expect(ours.of(7).payload).toHaveLength(128);
  expect(ours.idOf(JSON.stringify(markedData('b2', 42).of(7)))).toBeNull();
  expect(ours.idOf('{"seed":42,"id":7}')).toBeNull();
  expect(ours.idOf('null')).toBeNull();
  expect(ours.idOf('{')).toBeNull();
});
