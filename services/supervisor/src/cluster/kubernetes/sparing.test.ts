import { type Log, ManualClock, silentLog } from '@millrace/core';
import { describe, expect, test } from 'vitest';
import { ApiError } from './api.ts';
import { createPodBook } from './pod-book.ts';
import { createPodWriter } from './pod-writer.ts';
import { sparing } from './sparing.ts';
import { apiOf, podObject } from './testing.ts';
import { createWorkQueue } from './work-queue.ts';

const ready = (uid: string, isReady = true) =>
  podObject({ uid, status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] } });
const linked = (id: string, uid: string) => ({
  ...{ id, pool: 'default', pid: 1, startedAtMs: 0, k8s: { name: uid, uid } },
});

describe('of a pool with two pods, one of which is introduced', () => {
  const book = createPodBook();
  book.seen(ready('u1'), () => false);
  book.seen(ready('u2'), () => false);
  book.introduce(linked('one', 'u1'));
  const found = (costs: Record<string, number>) => sparing(book, new Map(Object.entries(costs)), () => false);

  test('nobody can say that all are spared', () => {
    expect(found({ one: 100 }).costs).toMatchObject([{ pod: { metadata: { uid: 'u1' } }, cost: 100 }]);
    expect([...found({ one: 100 }).unknown]).toEqual(['default']);
  });

  test('nor where both are introduced, and nothing is said of one', () => {
    book.introduce(linked('two', 'u2'));
    expect([...found({ one: 100 }).unknown]).toEqual(['default']);
    expect([...found({ one: 100, two: 0 }).unknown]).toEqual([]);
  });

  test('nor where a busy one says that it is in a pod that the cluster has not shown', () => {
    book.introduce(linked('three', 'u3'));
    expect([...found({ one: 0, two: 0, three: 0 }).unknown]).toEqual([]);
    expect([...found({ one: 0, two: 0, three: 100 }).unknown]).toEqual(['default']);
  });
});

test('a pod that is not ready, or over, holds nobody up: its controller takes it first', () => {
  const book = createPodBook();
  book.seen(ready('u1', false), () => false);
  book.seen(podObject({ uid: 'u2', deletionTimestamp: 'now' }), () => false);
  expect([...sparing(book, new Map(), () => false).unknown]).toEqual([]);
});

describe('costs', () => {
  const costs = ['a', 'b', 'c'].map((uid, at) => ({ pod: podObject({ uid }), pool: uid, cost: at * 100 }));

  function writer(over: { answer?: (path: string) => unknown; mayWrite?: () => boolean; dryRun?: boolean }) {
    const patched: string[] = [];
    const said: unknown[] = [];
    const log: Log = { ...silentLog, info: (fields: unknown) => void said.push(fields) };
    const api = apiOf((_verb, path) => {
      patched.push(path.slice(-1));
      return over.answer?.(path);
    });
    const { mayWrite = () => true, dryRun = false } = over;
    return {
      ...{ patched, said },
      made: createPodWriter({ api, holdsLease: () => true, mayWrite, dryRun, log }),
    };
  }

  test('that the server did not take are open for their own pool only', async () => {
    const { made } = writer({
      answer(path) {
        if (path.endsWith('b')) throw new ApiError(409, 'Conflict', 'the version is another');
        if (path.endsWith('c')) throw new ApiError(404, 'NotFound', 'gone');
      },
    });
    expect([...(await made.setCosts(costs))]).toEqual(['b']);
  });

  test('are written at the pace of the queue’s other writes, the highest first', async () => {
    const clock = new ManualClock();
    const queue = createWorkQueue({
      ...{ reconcile: async () => undefined, perSecond: 1, onFailure() {}, clock },
    });
    const { made, patched } = writer({ mayWrite: queue.spend });
    expect([...(await made.setCosts(costs))]).toEqual(['b']);
    expect(patched).toEqual(['c']);
    clock.advance(1_000);
    expect([...(await made.setCosts(costs.slice(0, 2)))]).toEqual([]);
    expect(patched).toEqual(['c', 'b']);
  });

  test('in a dry run are open, and said once', async () => {
    const { made, patched, said } = writer({ dryRun: true });
    for (let n = 0; n < 3; n++) expect([...(await made.setCosts(costs))].sort()).toEqual(['b', 'c']);
    expect([patched, said.length]).toEqual([[], 2]);
  });
});
