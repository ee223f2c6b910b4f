import { silentLog } from '@millrace/core';
import { lifecycleStress } from '@millrace/core/testing';
import { expect, test } from 'vitest';
import type { ClusterEvent } from './cluster.ts';
import { createLocalCluster, createUnmanagedCluster } from './local-cluster.ts';

/** The launcher's end of the line. */
function launcher() {
  const sent: object[] = [];
  let listener: (message: unknown) => void = () => undefined;
  const channel = {
    send: (message: object) => void sent.push(message),
    onMessage(fn: (message: unknown) => void) {
      listener = fn;
    },
  };
  return { channel, sent, say: (message: unknown) => listener(message) };
}

const pod = { id: 'default-1', pool: 'default', pid: 7, startedAtMs: 1 };

test('orders go to the launcher in its words', async () => {
  const { channel, sent, say } = launcher();
  const cluster = createLocalCluster(channel, silentLog);
  await cluster.start();
  const list = cluster.list();
  say({ type: 'pods', pods: [pod] });
  expect(await list).toEqual([pod]);
  cluster.create('default-2', 'default');
  cluster.remove('default-1', 500);
  cluster.kill('default-2');
  expect(sent).toEqual([
    { type: 'list' },
    { type: 'create-pod', id: 'default-2', pool: 'default' },
    { type: 'delete-pod', id: 'default-1', graceMs: 500 },
    { type: 'kill-pod', id: 'default-2' },
  ]);
});

test('news of pods are passed on, anything else on the line is not for us', async () => {
  const { channel, say } = launcher();
  const cluster = createLocalCluster(channel, silentLog);
  const events: ClusterEvent[] = [];
  cluster.listen((event) => events.push(event));
  await cluster.start();
  const exited = { type: 'pod-exited', id: 'a', code: null, signal: 'SIGKILL', atMs: 5, expected: false };
  for (const message of [
    { type: 'pod-started', ...pod },
    { ...exited, pid: 7 },
    { type: 'else' },
    'noise',
    null,
  ]) {
    say(message);
  }
  expect(events).toEqual([{ type: 'pod-started', ...pod }, exited]);
});

test('a local cluster keeps the lifecycle contract', async () => {
  let running = false;
  await lifecycleStress(
    () => {
      const { channel, say } = launcher();
      const cluster = createLocalCluster(channel, silentLog);
      cluster.listen(() => {
        running = true;
      });
      return Object.assign(cluster, { say });
    },
    ({ say }) => {
      running = false;
      say({ type: 'pod-started', ...pod });
      return running;
    },
  );
});

test('without a launcher nothing is managed', async () => {
  const cluster = createUnmanagedCluster();
  expect(cluster.manages).toBe(false);
  expect(await cluster.list()).toEqual([]);
});
