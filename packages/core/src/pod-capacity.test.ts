import { expect, test } from 'vitest';
import { compileConfig } from './config/load.ts';
import { slotsPerPod } from './pod-capacity.ts';

const MACHINE = { cores: 16, memoryBytes: null };
const config = compileConfig(
  {},
  `queues: {q: {concurrency: 5}}
worker: {concurrency: 7}
pools: {sized: {assumed: {processes: 1, concurrency: 16}}, half: {assumed: {processes: 2}}, bare: {}}`,
  MACHINE,
);

test.each([
  ['what is seen', 'sized', { processes: 2, slots: 16 }, [10, 32]],
  ['what is assumed of the pool, whatever machine reads it', 'sized', null, [5, 16]],
  ['the part that is assumed, and the workers’ own for the rest', 'half', null, [10, 14]],
  ['the workers’ own where nothing is said', 'bare', null, [80, 112]],
] as const)('slots of a queue: its own word, else %s', (_, pool, seen, slots) => {
  const of = slotsPerPod(config, pool, seen);
  expect([of('q'), of('r')]).toEqual(slots);
});
