import { ManualClock } from '@millrace/core';
import { expect, it } from 'vitest';
import type { Child, ChildExit } from './child.ts';
import type { PodNews } from './cluster-messages.ts';
import { Kubelet } from './kubelet.ts';

/** A pod process that ends when it is told to. */
function fakeChild(pid: number, obedient = true) {
  const { promise: exited, resolve } = Promise.withResolvers<ChildExit>();
  const got: string[] = [];
  const child: Child = {
    name: `pod-${pid}`,
    pid,
    exited,
    onMessage: () => undefined,
    send: () => true,
    signal(signal) {
      got.push(signal);
      if (obedient) resolve({ code: 0, signal: null });
    },
    killGroup() {
      got.push('killed');
      resolve({ code: null, signal: 'SIGKILL' });
    },
    lastWords: async () => [],
  };
  return { child, got, die: () => resolve({ code: null, signal: 'SIGKILL' }) };
}

function setUp(obedient = true) {
  const news: PodNews[] = [];
  const notes: string[] = [];
  const children = new Map<string, ReturnType<typeof fakeChild>>();
  const firsts: boolean[] = [];
  const clock = new ManualClock(1_000);
  const supervisor = { listens: true };
  const kubelet = new Kubelet({
    clock,
    note: (line) => notes.push(line),
    tell(message) {
      if (supervisor.listens) news.push(message);
      return supervisor.listens;
    },
    onExit: () => undefined,
    async spawnPod(id, _pool, firstPod) {
      if (id === 'broken') throw new Error('no such program');
      const fake = fakeChild(100 + children.size, obedient);
      children.set(id, fake);
      firsts.push(firstPod);
      return fake.child;
    },
  });
  const child = (id: string) => children.get(id) as ReturnType<typeof fakeChild>;
  return { kubelet, news, notes, child, children, firsts, clock, supervisor };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const create = (id: string) => ({ type: 'create-pod', id, pool: 'default' }) as const;

it('starts a pod once, however often it is ordered, and lists it', async () => {
  const { kubelet, news, children, firsts } = setUp();
  kubelet.receive(create('a'));
  kubelet.receive(create('a'));
  await turn();
  kubelet.receive(create('a'));
  kubelet.receive(create('b'));
  await turn();
  expect([...children.keys()]).toEqual(['a', 'b']);
  expect(firsts).toEqual([true, false]);
  kubelet.receive({ type: 'list' });
  expect(news.at(-1)).toEqual({
    type: 'pods',
    pods: [
      { id: 'a', pool: 'default', pid: 100, startedAtMs: 1_000 },
      { id: 'b', pool: 'default', pid: 101, startedAtMs: 1_000 },
    ],
  });
});

it('tells of a death that nobody ordered, and of an end that was', async () => {
  const { kubelet, news, notes, child } = setUp();
  for (const id of ['a', 'b']) kubelet.receive(create(id));
  await turn();
  child('a').die();
  kubelet.receive({ type: 'delete-pod', id: 'b', graceMs: 50 });
  await turn();
  const ends = news.filter((each) => each.type === 'pod-exited');
  expect(ends).toMatchObject([
    { id: 'a', pid: 100, signal: 'SIGKILL', expected: false },
    { id: 'b', pid: 101, code: 0, expected: true },
  ]);
  expect(notes).toEqual(['worker pod a ended (SIGKILL)']);
  expect(kubelet.pods()).toEqual([]);
});

it('keeps the news of a death for the next supervisor', async () => {
  const { kubelet, news, child, supervisor } = setUp();
  kubelet.receive(create('a'));
  await turn();
  supervisor.listens = false;
  child('a').die();
  await turn();
  supervisor.listens = true;
  kubelet.receive({ type: 'list' });
  expect(news.slice(-2)).toMatchObject([
    { type: 'pods', pods: [] },
    { type: 'pod-exited', id: 'a' },
  ]);
});

it('kills a pod that does not end within its grace, or at once when told to', async () => {
  const { kubelet, child, clock } = setUp(false);
  for (const id of ['a', 'b']) kubelet.receive(create(id));
  await turn();
  kubelet.receive({ type: 'delete-pod', id: 'a', graceMs: 50 });
  clock.advance(49);
  expect(child('a').got).toEqual(['SIGTERM']);
  clock.advance(1);
  expect(child('a').got).toEqual(['SIGTERM', 'killed']);
  kubelet.receive({ type: 'kill-pod', id: 'b' });
  expect(child('b').got).toEqual(['killed']);
});

it('does not hasten a pod by telling it twice, and gives the later order its time', async () => {
  const { kubelet, child, clock } = setUp(false);
  kubelet.receive(create('a'));
  await turn();
  kubelet.receive({ type: 'delete-pod', id: 'a', graceMs: 60_000 });
  kubelet.receive({ type: 'delete-pod', id: 'a', graceMs: 50 });
  expect(child('a').got).toEqual(['SIGTERM']);
  clock.advance(50);
  expect(child('a').got).toEqual(['SIGTERM', 'killed']);
});

it('ends a pod that is being started as soon as it runs', async () => {
  const { kubelet, child, news } = setUp();
  for (const id of ['a', 'b']) kubelet.receive(create(id));
  kubelet.receive({ type: 'delete-pod', id: 'a', graceMs: 50 });
  kubelet.receive({ type: 'kill-pod', id: 'b' });
  await turn();
  await turn();
  expect([child('a').got, child('b').got]).toEqual([['SIGTERM'], ['killed']]);
  expect(news.filter(({ type }) => type === 'pod-exited')).toHaveLength(2);
});

it('tells of a pod that could not be started as one that ended', async () => {
  const { kubelet, news, notes } = setUp();
  kubelet.receive(create('broken'));
  await turn();
  expect(news).toMatchObject([{ type: 'pod-exited', id: 'broken', code: 1, expected: false }]);
  expect(notes).toEqual(['worker pod broken could not be started: no such program']);
});

it('drains every pod, and starts none while it does', async () => {
  const { kubelet, child, children, clock } = setUp(false);
  kubelet.receive(create('a'));
  await turn();
  kubelet.receive(create('late'));
  const drained = kubelet.drain(60_000);
  await turn();
  kubelet.receive(create('later'));
  await turn();
  // What was being started when the drain began is ended as well.
  expect(child('late').got).toEqual(['SIGTERM']);
  expect([...children.keys()]).toEqual(['a', 'late']);
  kubelet.hasten();
  expect(child('a').got).toEqual(['SIGTERM', 'SIGTERM']);
  clock.advance(6_000);
  await drained;
  expect(child('a').got).toEqual(['SIGTERM', 'SIGTERM', 'killed']);
  expect(kubelet.pods()).toEqual([]);
});
