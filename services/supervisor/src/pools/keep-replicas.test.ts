import { compileConfig } from '@millrace/core';
import { describe, expect, test } from 'vitest';
import { circuits } from './circuits.ts';
import { keepReplicas, type ReplicaEvent, type ReplicaStep } from './keep-replicas.ts';
import { poolStatuses } from './pool-status.ts';
import type { PodEnd } from './pool-turn.ts';
import { takeOverReplicas } from './take-over-replicas.ts';
import { type Tree, treeSettings } from './tree.ts';

/** Pools whose pods somebody else makes; a pod that is removed ends as asked. */
function deployments(yaml: string) {
  const settings = treeSettings(compileConfig({}, yaml));
  let tree: Tree = { version: 1, pools: [] };
  let nowMs = 1_000_000;
  const log: string[] = [];

  function take({ tree: next, actions }: ReplicaStep): void {
    tree = next;
    for (const action of actions) {
      if (action.type === 'news') log.push(`${action.what} ${action.pool}`);
      else log.push(`${action.type} ${action.pod}`);
    }
  }
  const tell = (event: ReplicaEvent) => take(keepReplicas(tree, event, { settings, nowMs }));
  const cluster = {
    tell,
    log: () => log.splice(0),
    start(pool: string, ...pods: readonly string[]) {
      tell({ type: 'sized', pool, wanted: pods.length, present: pods.length, crashing: 0 });
      for (const pod of pods) tell({ type: 'pod-started', pod, pool });
    },
    end: (pod: string, end: PodEnd = 'abnormal') => tell({ type: 'pod-ended', pod, end }),
    /** It ends, and its kubelet starts it again. */
    crash(pool: string, pod: string) {
      cluster.end(pod);
      tell({ type: 'pod-started', pod, pool });
    },
    ruin(pool: string, pod: string) {
      for (let n = 0; n < 6; n++) cluster.crash(pool, pod);
    },
    pass(ms: number) {
      nowMs += ms;
      tell({ type: 'tick' });
    },
    takeOver(pods: readonly string[], pool: string, ends: Readonly<Record<string, PodEnd>> = {}) {
      const findings = { pods: pods.map((id) => ({ id, pool })), endOf: (pod: string) => ends[pod] ?? null };
      take(takeOverReplicas(JSON.parse(JSON.stringify(tree)), findings, { settings, nowMs }));
    },
    status: () => poolStatuses(tree, settings, ['mail', 'video'], nowMs),
    states: () =>
      cluster.status().map(({ name, state, pods, desired }) => `${name} ${state} ${pods}/${desired}`),
    open: () =>
      [...circuits(tree, settings, ['mail', 'video'])]
        .filter(([, circuit]) => circuit)
        .map(([queue]) => queue),
    reason: () => cluster.status()[0]?.circuit?.reason,
  };
  return cluster;
}

const one = (more = '') => deployments(`pools: {mail: {queues: [mail]${more}}}`);

describe('a pool whose pods a controller makes', () => {
  test('has as many as it is told, and starts until the first is there', () => {
    const cluster = one();
    cluster.tell({ type: 'sized', pool: 'mail', wanted: 3, present: 1, crashing: 0 });
    expect(cluster.states()).toEqual(['mail starting 0/3']);
    cluster.tell({ type: 'pod-started', pod: 'a', pool: 'mail' });
    expect(cluster.states()).toEqual(['mail running 1/3']);
    cluster.tell({ type: 'sized', pool: 'mail', wanted: 0, present: 0, crashing: 0 });
    cluster.end('a', 'replaced');
    expect(cluster.states()).toEqual(['mail stopped 0/0']);
    expect(cluster.open()).toEqual([]);
  });

  test('nobody is ever created', () => {
    const cluster = one();
    cluster.start('mail', 'a', 'b');
    cluster.ruin('mail', 'a');
    cluster.pass(60_000);
    expect(cluster.log().filter((line) => line.startsWith('create'))).toEqual([]);
  });

  test.each([
    ['permanent', 'abnormal', 1],
    ['permanent', 'normal', 1],
    ['permanent', 'replaced', 0],
    ['transient', 'normal', 0],
    ['transient', 'abnormal', 1],
    ['temporary', 'abnormal', 0],
  ] as const)('%s: an end that is %s costs %i', (restart, end, cost) => {
    const cluster = one(`, restart: ${restart}`);
    cluster.start('mail', 'a');
    cluster.end('a', end);
    expect(cluster.status()[0]?.restarts.used).toBe(cost);
  });

  test('one_for_one leaves the others alone', () => {
    const cluster = one();
    cluster.start('mail', 'a', 'b', 'c');
    cluster.end('b');
    expect(cluster.log()).toEqual(['restarted mail']);
  });

  test('one_for_all ends all others, rest_for_one those that started later: the last first', () => {
    const all = one(', strategy: one_for_all');
    all.start('mail', 'a', 'b', 'c');
    all.end('b');
    expect(all.log()).toEqual(['restarted mail', 'remove c', 'remove a']);
    const rest = one(', strategy: rest_for_one');
    rest.start('mail', 'a', 'b', 'c', 'd');
    rest.end('b');
    expect(rest.log()).toEqual(['restarted mail', 'remove d', 'remove c']);
  });
});

describe('a pool that gives up', () => {
  test('opens its circuit at one death too many within the period, and says when it tries again', () => {
    const cluster = one();
    cluster.start('mail', 'a');
    for (let n = 0; n < 5; n++) cluster.crash('mail', 'a');
    expect(cluster.open()).toEqual([]);
    cluster.crash('mail', 'a');
    expect(cluster.open()).toEqual(['mail']);
    expect(cluster.reason()).toBe(
      'Pods of pool "mail" died more than 5 times in 30 s. Its pods are tried again after 5 s.',
    );
  });

  test('deaths that lie further apart are no reason', () => {
    const cluster = one();
    cluster.start('mail', 'a');
    for (let n = 0; n < 20; n++) {
      cluster.crash('mail', 'a');
      cluster.pass(6_001);
    }
    expect(cluster.open()).toEqual([]);
  });

  test('is tried with the pods that run, and whole when none of them has died for a while', () => {
    const cluster = one();
    cluster.start('mail', 'a');
    cluster.ruin('mail', 'a');
    cluster.pass(4_999);
    expect(cluster.states()).toEqual(['mail open 1/1']);
    cluster.pass(1);
    expect(cluster.states()).toEqual(['mail half-open 1/1']);
    expect(cluster.open()).toEqual([]);
    cluster.pass(5_000);
    expect(cluster.states()).toEqual(['mail running 1/1']);
    expect(cluster.log().slice(-3)).toEqual(['gave-up mail', 'trial mail', 'healed mail']);
  });

  test('shuts again for twice as long when a pod dies in the trial', () => {
    const cluster = one();
    cluster.start('mail', 'a');
    cluster.ruin('mail', 'a');
    cluster.pass(5_000);
    cluster.crash('mail', 'a');
    expect(cluster.reason()).toBe(
      'A pod of pool "mail" ended in its trial. Its pods are tried again after 10 s.',
    );
    cluster.pass(9_999);
    expect(cluster.open()).toEqual(['mail']);
    cluster.pass(1);
    expect(cluster.open()).toEqual([]);
  });

  test('is not tried while it has no pod', () => {
    const cluster = one();
    cluster.start('mail', 'a');
    cluster.ruin('mail', 'a');
    cluster.end('a', 'replaced');
    cluster.pass(60_000);
    expect(cluster.open()).toEqual(['mail']);
    cluster.tell({ type: 'pod-started', pod: 'b', pool: 'mail' });
    expect(cluster.open()).toEqual([]);
  });

  test('is whole at once when an operator says so', () => {
    const cluster = one();
    cluster.start('mail', 'a');
    cluster.ruin('mail', 'a');
    cluster.tell({ type: 'resume', pool: 'mail' });
    expect(cluster.states()).toEqual(['mail running 1/1']);
    expect(cluster.status()[0]?.restarts.used).toBe(0);
  });

  test('when every pod ends as it starts, though its kubelet waits so long that no budget is spent', () => {
    const cluster = one();
    cluster.tell({ type: 'sized', pool: 'mail', wanted: 2, present: 2, crashing: 1 });
    expect(cluster.open()).toEqual([]);
    cluster.tell({ type: 'sized', pool: 'mail', wanted: 2, present: 2, crashing: 2 });
    expect(cluster.open()).toEqual(['mail']);
    expect(cluster.reason()).toContain('Every pod of pool "mail" ends as it starts.');
  });
});

describe('a strategy over the pools', () => {
  const two = (strategy: string) =>
    deployments(
      `{supervision: {strategy: ${strategy}}, pools: {mail: {queues: [mail]}, video: {queues: [video]}}}`,
    );

  test('who stands behind the one that gave up is ended once, and takes jobs again with it', () => {
    const cluster = two('rest_for_one');
    cluster.start('mail', 'a');
    cluster.start('video', 'v', 'w');
    cluster.ruin('mail', 'a');
    expect(cluster.open()).toEqual(['mail', 'video']);
    expect(cluster.log().slice(-3)).toEqual(['halted video', 'remove w', 'remove v']);
    cluster.end('v', 'replaced');
    cluster.tell({ type: 'pod-started', pod: 'x', pool: 'video' });
    cluster.pass(5_000);
    cluster.pass(5_000);
    expect(cluster.open()).toEqual([]);
    expect(cluster.log()).toEqual(['trial mail', 'healed mail', 'started video']);
  });

  test('rest_for_one leaves the earlier pool alone, one_for_one every other', () => {
    const rest = two('rest_for_one');
    rest.start('mail', 'a');
    rest.start('video', 'v');
    rest.ruin('video', 'v');
    expect(rest.open()).toEqual(['video']);
    const single = two('one_for_one');
    single.start('mail', 'a');
    single.start('video', 'v');
    single.ruin('mail', 'a');
    expect(single.open()).toEqual(['mail']);
  });
});

describe('the next leader', () => {
  test('goes on with the budget and the trouble of the one before it, over the pods that live', () => {
    const cluster = one();
    cluster.start('mail', 'a', 'b');
    cluster.crash('mail', 'a');
    cluster.takeOver(['b', 'c'], 'mail', { a: 'abnormal' });
    expect(cluster.status()[0]).toMatchObject({ restarts: { used: 2 }, pods: 2, desired: 2 });
    cluster.ruin('mail', 'b');
    cluster.takeOver(['b'], 'mail');
    expect(cluster.open()).toEqual(['mail']);
  });

  test('counts no end that it did not hear of: the pod may live on a node that nobody reaches', () => {
    const cluster = one();
    cluster.start('mail', 'a', 'b');
    cluster.takeOver([], 'mail');
    expect(cluster.status()[0]?.restarts.used).toBe(0);
  });
});
