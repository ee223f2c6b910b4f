import type { ClusterStatus, Recovery, WorkerCommand } from '@millrace/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { certificateOf, type QueueBench, queueBench, until } from '../../../tests/support/queue.ts';
import type { Store } from './types/store.ts';

let bench: QueueBench;
let store: Store;
beforeEach(async () => {
  bench = queueBench();
  store = await bench.store();
});
afterEach(() => bench.close());

const picture = (id: string, atMs: number, leader = false): ClusterStatus => ({
  atMs,
  supervisor: { id, pid: 1, startedAtMs: 0, leader },
  pods: [],
  workers: [],
  pools: [],
});

const recovery = (id: string, diedAtMs: number, state: Recovery['state'] = 'done') =>
  ({
    id,
    diedAtMs,
    detectMs: 1,
    lastOrphanMs: null,
    state,
    orphans: {},
    certificate: certificateOf(id),
  }) as unknown as Recovery;

test('shows the freshest supervisor’s picture, and none when all fell silent', async () => {
  expect(await store.board.status()).toBeNull();
  const now = Date.now();
  await store.board.publishStatus(picture('old', now - 1_000));
  await store.board.publishStatus(picture('fresh', now));
  expect((await store.board.status())?.supervisor.id).toBe('fresh');
  await store.board.publishStatus(picture('later', now + 60_000));
  expect((await store.board.status())?.supervisor.id).toBe('later');
});

test('prefers the leader’s picture while it is fresh', async () => {
  const now = Date.now();
  await store.board.publishStatus(picture('leader', now - 1_000, true));
  await store.board.publishStatus(picture('other', now));
  expect((await store.board.status())?.supervisor.id).toBe('leader');
  await store.board.publishStatus(picture('leader', now - 4_000, true));
  expect((await store.board.status())?.supervisor.id).toBe('other');
});

test('one leads; another does once the lease is over or given up, and only the leader leaves a tree', async () => {
  const { board } = store;
  expect(await board.tree()).toBeNull();
  expect(await board.saveTree('a', { none: true })).toBe(false);
  expect(await board.lead('a', 60_000)).toBe(true);
  expect(await board.lead('a', 60_000)).toBe(true);
  expect(await board.lead('b', 60_000)).toBe(false);
  expect(await board.saveTree('a', { pools: [1.25] })).toBe(true);
  expect(await board.saveTree('b', { stolen: true })).toBe(false);
  await board.resign('b');
  expect(await board.lead('b', 60_000)).toBe(false);
  await board.resign('a');
  expect(await board.lead('b', 60_000)).toBe(true);
  expect(await board.saveTree('a', { late: true })).toBe(false);
  await bench.redis.pexpire(`millrace:{${bench.prefix}}:leader`, 1);
  await until(() => board.lead('a', 60_000), 'the lease of a silent leader ends');
  expect(await board.saveTree('b', { zombie: true })).toBe(false);
  expect(await board.tree()).toEqual({ pools: [1.25] });
});

test('merges what replicas save about the same death, none of their shares lost, no digit either', async () => {
  const other = await bench.store();
  const base = { ...recovery('a', 1_763_700_000_123.457, 'running'), fenceMs: null, respawnMs: null };
  const shares = Array.from({ length: 20 }, (_, i) => ({ ...base, orphans: { q: [`${i}`] } }));
  await Promise.all([
    ...shares.map((share, i) => (i % 2 ? store : other).board.saveRecovery(share as Recovery)),
    other.board.saveRecovery({ ...base, fenceMs: 1.234 } as Recovery),
    store.board.saveRecovery({ ...base, state: 'done', lastOrphanMs: 20.5 } as Recovery),
  ]);
  const [merged] = await store.board.recoveries(1);
  expect(merged).toMatchObject({ diedAtMs: 1_763_700_000_123.457, fenceMs: 1.234, state: 'done' });
  expect(merged?.orphans.q).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
});

test('keeps one recovery a death, the newest first, and the newest thousand', async () => {
  await store.board.saveRecovery(recovery('a', 1, 'running'));
  await store.board.saveRecovery(recovery('b', 2));
  await store.board.saveRecovery(recovery('a', 1, 'done'));
  expect((await store.board.recoveries(10)).map(({ id, state }) => [id, state])).toEqual([
    ['b', 'done'],
    ['a', 'done'],
  ]);
  await Promise.all(
    Array.from({ length: 1_005 }, (_, i) => store.board.saveRecovery(recovery(`n${i}`, 10 + i))),
  );
  const kept = await store.board.recoveries(2_000);
  expect(kept).toHaveLength(1_000);
  expect(kept[0]?.id).toBe('n1004');
});

test('carries commands to every listener, from now on, until it is told to stop', async () => {
  const command = (worker: string): WorkerCommand => ({ kind: 'kill', worker, by: 'test', atMs: 1 });
  await store.board.sendCommand(command('before'));
  const stop = new AbortController();
  const heard: string[][] = [[], []];
  const listening = heard.map(async (list) => {
    for await (const { worker } of store.board.commands(stop.signal)) {
      list.push(worker);
      if (worker === 'last') break;
    }
  });
  // A listener's place is taken at its first read: the marker command is sent until both have one.
  while (heard.some((list) => list.length === 0)) await store.board.sendCommand(command('marker'));
  await store.board.sendCommand(command('last'));
  await Promise.all(listening);
  for (const list of heard) {
    expect(list).not.toContain('before');
    expect(list.at(-1)).toBe('last');
  }
  stop.abort();
});

test('remembers the names of queues', async () => {
  await store.board.addQueueName('b');
  await store.board.addQueueName('a');
  await store.board.addQueueName('a');
  expect(await store.board.queueNames()).toEqual(['a', 'b']);
});
