import { describe, expect, test } from 'vitest';
import { createPodBook, ranIn } from './pod-book.ts';
import { msOf, podObject, second, terminated } from './testing.ts';

const calm = () => false;
const linked = (id: string, startedAtMs: number, uid = 'u1') => ({
  ...{ id, pool: 'default', pid: 1, startedAtMs },
  k8s: { name: 'm-worker-default-u1', uid },
});
const started = (id: string, startedAtMs: number) => ({
  ...{ type: 'pod-started', id, pool: 'default', pid: 1, startedAtMs },
});

/** A book with one pod, whose container started at second 1 and in which `a` said hello. */
function withOne() {
  const book = createPodBook();
  book.seen(podObject(), calm);
  book.introduce(linked('a', msOf(1, 300)));
  return book;
}

describe('who lives in which pod', () => {
  test('a hello and the object are joined, whichever comes first', () => {
    const hello = createPodBook();
    expect(hello.introduce(linked('a', msOf(1)))).toEqual([]);
    expect(hello.seen(podObject(), calm)).toEqual([started('a', msOf(1))]);
    const object = createPodBook();
    expect(object.seen(podObject(), calm)).toEqual([]);
    expect(object.introduce(linked('a', msOf(1)))).toEqual([started('a', msOf(1))]);
    for (const book of [hello, object]) expect(book.pods().map(({ id }) => id)).toEqual(['a']);
  });

  test('a second hello of the same start is no news', () => {
    expect(withOne().introduce(linked('a', msOf(1, 300)))).toEqual([]);
  });

  test('a pod supervisor outside of the cluster is nobody’s', () => {
    expect(createPodBook().introduce({ ...linked('a', 1), k8s: null })).toEqual([]);
  });
});

describe('an end', () => {
  test('is of whoever started in that very container', () => {
    const book = withOne();
    const told = book.seen(podObject({ container: { state: { terminated: terminated(1, 9) } } }), calm);
    expect(told).toEqual([
      {
        ...{ type: 'pod-exited', id: 'a', code: null, signal: 'SIGKILL', atMs: msOf(9), expected: false },
        detail: 'Error, SIGKILL: container of pod m-worker-default-u1, said its kubelet',
        outOfMemory: false,
      },
    ]);
    expect(book.pods()).toEqual([]);
  });

  test('is told once, however often the object comes, and wherever it stands in it', () => {
    const book = withOne();
    book.seen(podObject({ container: { state: { terminated: terminated(1, 9) } } }), calm);
    const again = podObject({ container: { lastState: { terminated: terminated(1, 9) } } });
    expect(book.seen(again, calm)).toEqual([]);
  });

  test('says nothing of the successor, which may be linked before the end is reported', () => {
    const book = withOne();
    book.introduce(linked('b', msOf(9, 700)));
    const told = book.seen(podObject({ container: { lastState: { terminated: terminated(1, 9) } } }), calm);
    expect(told.map((event) => 'id' in event && event.id)).toEqual(['a']);
    expect(book.pods().map(({ id }) => id)).toEqual(['b']);
  });

  test('that was reported before the hello came to us is told at the hello', () => {
    const book = createPodBook();
    book.seen(podObject({ container: { lastState: { terminated: terminated(1, 9) } } }), calm);
    expect(book.introduce(linked('a', msOf(1, 300)))).toMatchObject([{ type: 'pod-exited', id: 'a' }]);
    expect(book.introduce(linked('b', msOf(10)))).toMatchObject([{ type: 'pod-started', id: 'b' }]);
  });

  test('of one who never said hello is told to its pool, but not the ends of the time before us', () => {
    const book = createPodBook();
    expect(
      book.seen(podObject({ container: { lastState: { terminated: terminated(1, 2) } } }), calm),
    ).toEqual([]);
    const told = book.seen(podObject({ container: { lastState: { terminated: terminated(3, 4) } } }), calm);
    expect(told.map(({ type }) => type)).toEqual(['pod-started', 'pod-exited']);
    expect(told).toMatchObject([{ pool: 'default' }, { expected: false }]);
  });

  test.each([
    ['exit code 3', { exitCode: 3 }, { code: 3, signal: null, outOfMemory: false }],
    ['out of memory', { reason: 'OOMKilled' }, { code: null, signal: 'SIGKILL', outOfMemory: true }],
    ['a drain', { exitCode: 0, reason: 'Completed' }, { code: 0, signal: null, outOfMemory: false }],
    ['SIGTERM', { exitCode: 143 }, { code: null, signal: 'SIGTERM', outOfMemory: false }],
  ])('by %s', (_, part, exit) => {
    const end = terminated(1, 9, part);
    expect(withOne().seen(podObject({ container: { state: { terminated: end } } }), calm)).toMatchObject([
      exit,
    ]);
  });
});

describe('an end that is nobody’s fault', () => {
  const container = { state: { terminated: terminated(1, 9) } };
  test.each([
    ['deleted by anybody', { deletionTimestamp: second(8) }],
    ['evicted', { status: { reason: 'Evicted' } }],
    ['drained', { status: { conditions: [{ type: 'DisruptionTarget', status: 'True' }] } }],
  ])('%s', (_, part) => {
    const object = podObject({ ...part, container });
    const told = withOne().seen(
      {
        ...object,
        status: { ...object.status, containerStatuses: [{ name: 'worker', restartCount: 0, ...container }] },
      },
      calm,
    );
    expect(told).toMatchObject([{ type: 'pod-exited', expected: true }]);
  });

  test('while the API server was away', () => {
    const asked: number[] = [];
    const told = withOne().seen(podObject({ container }), (atMs) => asked.push(atMs) > 0);
    expect(told).toMatchObject([{ expected: true }]);
    expect(asked).toEqual([msOf(9)]);
  });
});

describe('an object that is gone', () => {
  test('is no death: who lived in it has left', () => {
    const book = withOne();
    expect(book.gone(podObject(), calm)).toEqual([{ type: 'pod-left', id: 'a' }]);
    expect(book.pods()).toEqual([]);
  });

  test('may bring the end with it', () => {
    const told = withOne().gone(
      podObject({ deletionTimestamp: second(8), container: { state: { terminated: terminated(1, 9) } } }),
      calm,
    );
    expect(told).toMatchObject([{ type: 'pod-exited', id: 'a', expected: true }]);
  });
});

test('a process that began in the second in which its container ended is left to the links', () => {
  const end = { startedMs: msOf(1), finishedMs: msOf(9) };
  expect([msOf(0, 999), msOf(1), msOf(8, 999), msOf(9), msOf(9, 1)].map((at) => ranIn(end, at))).toEqual([
    ...[false, true, true, false, false],
  ]);
});
