import { silentLog } from '@millrace/core';
import { expect, test } from 'vitest';
import { runCommand } from './commands.ts';

/** Runs one command where `linked` can be reached; who was told what. */
function run(kind: 'drain' | 'kill', worker: string, linked: readonly string[], manages = false) {
  const told: string[] = [];
  runCommand(
    { kind, worker, by: 'me', atMs: 1 },
    {
      links: {
        order(id, order) {
          if (linked.includes(id)) told.push(`${id}: ${order.type} ${order.worker}`);
          return linked.includes(id);
        },
      },
      cluster: { manages, kill: (id) => void told.push(`cluster: kill ${id}`) },
      podOf: (id) => (id.startsWith('w') ? 'pod' : undefined),
      isPod: (id) => id === 'pod',
      toldToEnd: (id) => void told.push(`planned: ${id}`),
      log: silentLog,
    },
  );
  return told;
}

test('a drain goes to the worker, or through its pod when it is not linked', () => {
  expect(run('drain', 'w1', ['w1', 'pod'])).toEqual(['w1: drain w1']);
  expect(run('drain', 'w1', ['pod'])).toEqual(['pod: drain w1']);
});

test('a kill goes to the parent: who must be killed may not listen', () => {
  expect(run('kill', 'w1', ['w1', 'pod'])).toEqual(['pod: kill w1']);
});

test('a pod’s drain is its planned end', () => {
  expect(run('drain', 'pod', ['pod'])).toEqual(['planned: pod', 'pod: drain pod']);
});

test('a pod’s kill does not need the pod’s help where the cluster can end it', () => {
  expect(run('kill', 'pod', [], true)).toEqual(['cluster: kill pod']);
  expect(run('kill', 'pod', ['pod'])).toEqual(['pod: kill pod']);
});

test('a command for nobody reaches nobody', () => {
  expect(run('kill', 'stranger', ['w1', 'pod'])).toEqual([]);
});
