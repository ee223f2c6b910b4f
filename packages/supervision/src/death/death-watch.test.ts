import { expect, test } from 'vitest';
import { createDeathWatch } from './death-watch.ts';
import { LIMITS } from './testing.ts';

const start = (id: string, pod = 'p') => ({ id, pod, pid: 42, slot: 0 });
const exit = { code: null, signal: 'SIGKILL', atMs: 10, expected: false };
const types = (actions: readonly { type: string }[]) => actions.map((action) => action.type);

test('a pod’s end is the end of all its starts, and of no other’s', () => {
  const watch = createDeathWatch(LIMITS);
  for (const [id, pod] of [
    ['a', 'p'],
    ['b', 'p'],
    ['c', 'q'],
  ] as const)
    watch.hello(start(id, pod), 0);
  expect(types(watch.podExit('p', exit, 10))).toEqual(['certify', 'certify']);
  expect(watch.living().map((state) => state.id)).toEqual(['c']);
  expect(types(watch.podExit('p', exit, 11))).toEqual([]);
});

test('an exit that is told as part of another event is an exit all the same', () => {
  const watch = createDeathWatch(LIMITS);
  for (const id of ['a', 'b']) watch.hello(start(id), 0);
  const told = { ...exit, type: 'pod-exited' };
  expect(types(watch.processExit(start('a'), told, 10))).toEqual(['certify']);
  expect(types(watch.podExit('p', told, 10))).toEqual(['certify']);
});

test('an exit of a start that never said hello still is a death', () => {
  const watch = createDeathWatch(LIMITS);
  const actions = watch.processExit(start('a'), exit, 12);
  expect(actions).toMatchObject([{ type: 'certify', certificate: { worker: 'a', diedAtMs: 10 } }]);
});

test('a death that an earlier supervisor dealt with is not dealt with again', () => {
  const watch = createDeathWatch(LIMITS);
  watch.bury('a');
  expect(types(watch.processExit(start('a'), exit, 12))).toEqual([]);
  expect(types(watch.hello(start('a'), 13))).toEqual(['refuse']);
  watch.hearsay(start('a'), 14);
  expect(watch.living()).toEqual([]);
});

test('what a stranger says is nothing', () => {
  const watch = createDeathWatch(LIMITS);
  expect(watch.observe('a', { type: 'heard' }, 0)).toEqual([]);
  expect(watch.living()).toEqual([]);
});

test('a supervisor that was frozen accuses nobody when it wakes', () => {
  const watch = createDeathWatch(LIMITS);
  watch.hello(start('a'), 0);
  watch.tick(50);
  expect(types(watch.tick(60_000))).toEqual([]);
  expect(types(watch.tick(60_050))).toEqual([]);
  // It had been silent for 50 ms when the gap began.
  for (let nowMs = 60_100; nowMs < 60_950; nowMs += 50) expect(types(watch.tick(nowMs))).toEqual([]);
  expect(types(watch.tick(60_950))).toEqual(['suspect', 'warm']);
});

test('the pod’s list of children accuses those it leaves out', () => {
  const watch = createDeathWatch(LIMITS);
  watch.hearsay(start('a'), 0);
  watch.hearsay(start('b'), 0);
  watch.hearsay(start('c', 'q'), 0);
  watch.tick(0);
  expect(types(watch.children('p', ['b'], 0))).toEqual([]);
  expect(watch.tick(100)).toMatchObject([{ type: 'certify', certificate: { worker: 'a' } }]);
});

test('a standby’s slot, learnt after its hello, is on its certificate', () => {
  const watch = createDeathWatch(LIMITS);
  const standby = { ...start('a'), slot: null };
  watch.hello(standby, 0);
  expect(watch.processExit({ ...standby, slot: 3 }, exit, 12)).toMatchObject([{ certificate: { slot: 3 } }]);
  watch.hello({ ...standby, id: 'b' }, 0);
  watch.observe('b', { type: 'heard', slot: 2 }, 5);
  expect(watch.podExit('p', exit, 12)).toMatchObject([{ certificate: { slot: 2 } }]);
});

test('a pod’s reports are heard of its own children only, and end with its link', () => {
  const watch = createDeathWatch(LIMITS);
  watch.hello(start('a'), 0);
  const report = (nowMs: number, pod = 'p') =>
    watch.reports(pod, new Map([['a', { silentMs: 10, cpuMs: 0, letter: 'S' }]]), nowMs);
  for (let nowMs = 0; nowMs <= 10_000; nowMs += 50) {
    if (nowMs % 250 === 0) report(nowMs);
    expect(types(watch.tick(nowMs))).toEqual([]);
  }
  for (let nowMs = 10_050; nowMs < 10_950; nowMs += 50) {
    expect(report(nowMs, 'another')).toEqual([]);
    watch.tick(nowMs);
  }
  expect(watch.get('a')?.phase).toBe('alive');
  watch.tick(11_000);
  expect(watch.get('a')?.phase).toBe('suspect');
  watch.podLost('p', 11_000);
  expect(watch.get('a')).toMatchObject({ parent: null, parentGone: true });
  watch.reports('p', new Map([['nobody', { silentMs: 1, cpuMs: 1, letter: 'S' }]]), 11_000);
  expect(watch.living()).toHaveLength(1);
});
