import type { PodStatus, WorkerStatus } from '@millrace/core';
import { expect, test } from 'vitest';
import { seenCapacity } from './capacity.ts';

const pods = [
  { id: 'a', pool: 'p' },
  { id: 'b', pool: 'p' },
  { id: 'z', pool: 'other' },
] as PodStatus[];
const worker = (pod: string, part: Partial<WorkerStatus> = {}) =>
  ({ pod, slot: 0, state: 'running', concurrency: 32, queues: ['q', 'r'], ...part }) as WorkerStatus;

test('a pod’s capacity is that of the processes that serve in the pool’s pods', () => {
  const workers = [
    ...[worker('a'), worker('a', { slot: 1 }), worker('b'), worker('b', { slot: 1 })],
    ...[worker('a', { slot: null, state: 'standby' }), worker('b', { state: 'dead' }), worker('z')],
  ];
  expect(seenCapacity('p', pods, workers)).toEqual({ processes: 2, slots: 16 });
  expect(seenCapacity('none', pods, workers)).toBeNull();
});
