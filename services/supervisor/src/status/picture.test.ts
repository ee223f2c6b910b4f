import type { PodStatus } from '@millrace/core';
import { expect, test } from 'vitest';
import { drawPicture } from './picture.ts';

const pod = (id: string, state: PodStatus['state']): PodStatus => ({
  ...{ id, state, pool: 'p', pid: 1, host: 'h', startedAtMs: 1 },
  restarts: { used: 0, intensity: 5, periodMs: 1 },
});
const rest = {
  atMs: 1,
  supervisor: { id: 's', pid: 1, startedAtMs: 1, leader: true },
  workers: [],
  pools: [],
};

test('a pod’s own word goes before its cluster’s, unless the cluster says that it is down', () => {
  const { pods } = drawPicture({
    ...rest,
    linkedPods: [pod('a', 'running'), pod('b', 'running'), pod('d', 'draining')],
    clusterPods: [pod('a', 'starting'), pod('b', 'down'), pod('c', 'starting')],
  });
  expect(pods.map(({ id, state }) => `${id} ${state}`)).toEqual([
    'a running',
    'b down',
    'c starting',
    'd draining',
  ]);
});
