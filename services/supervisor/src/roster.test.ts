import type { Beat, Hello } from '@millrace/supervision';
import { expect, test } from 'vitest';
import { createRoster } from './roster.ts';

const hello = {
  ...{ type: 'hello', version: 1, kind: 'worker', id: 'p.1', pod: 'p', slot: 0, pid: 7, host: 'h', mac: '' },
  ...{ queues: ['q'], concurrency: 1, standby: false, startedAtMs: 0, capabilities: [] },
} as Extract<Hello, { kind: 'worker' }>;
const beat = (over: Partial<Beat> = {}): Beat => ({
  ...{ type: 'beat', atMs: 0, state: 'running', slot: 0, queues: ['q'], concurrency: 1, busy: 1 },
  ...{ loopDelayMs: 2, cpuMs: 3, rssBytes: 4, heapBytes: 5, ...over },
});

test('keeps the beats of the last 10 s by our clock, whatever the worker’s says', () => {
  const roster = createRoster();
  roster.workerHello(hello, 0);
  for (let at = 250; at <= 20_000; at += 250) roster.beat('p.1', beat({ atMs: at + 3_600_000 }), at);
  const { beats } = roster.history('p.1');
  expect(beats[0]?.atMs).toBe(10_000);
  expect(beats.at(-1)).toEqual({
    ...{ atMs: 20_000, busy: 1, loopDelayMs: 2, cpuMs: 3, rssBytes: 4, heapBytes: 5 },
  });
  expect(roster.worker('p.1')?.lastBeatMs).toBe(20_000);
});

test('keeps no more than a hundred, however often it beats', () => {
  const roster = createRoster();
  roster.workerHello(hello, 0);
  for (let at = 0; at < 9_000; at += 10) roster.beat('p.1', beat(), at);
  expect(roster.history('p.1').beats).toHaveLength(100);
  expect(roster.history('p.1').beats.at(-1)?.atMs).toBe(8_990);
});

test('the peak is the highest that it told of or its parent saw, over a new hello too', () => {
  const roster = createRoster();
  expect(roster.history('p.1')).toEqual({ beats: [], peakRssBytes: null });
  roster.workerHello(hello, 0);
  roster.beat('p.1', beat({ rssBytes: 50 }), 1);
  roster.rss('p.1', 80);
  roster.rss('stranger', 90);
  roster.beat('p.1', beat({ rssBytes: 60 }), 2);
  roster.workerHello(hello, 3);
  expect(roster.history('p.1')).toMatchObject({ peakRssBytes: 80, beats: [{ atMs: 1 }, { atMs: 2 }] });
});

const podHello = (children: readonly string[]) =>
  ({ ...hello, kind: 'pod', id: 'p', pool: 'default', children }) as unknown as Extract<
    Hello,
    { kind: 'pod' }
  >;

test('a pod is heard once every process of it that lives has said what it does', () => {
  const roster = createRoster();
  roster.podHello(podHello(['p.1', 'p.2', 'p.3']), 0);
  expect(roster.isHeard('p')).toBe(false);
  roster.workerHello(hello, 0);
  roster.beat('p.1', beat(), 1);
  expect(roster.isHeard('p')).toBe(false);
  roster.workerHello({ ...hello, id: 'p.2' }, 1);
  // Its end was told by others.
  roster.died('p.3', 1);
  expect(roster.isHeard('p')).toBe(false);
  roster.beat('p.2', beat(), 2);
  expect(roster.isHeard('p')).toBe(true);
});

test('who says hello again does what it did before, until its next beat', () => {
  const roster = createRoster();
  roster.workerHello(hello, 0);
  roster.beat('p.1', beat({ busy: 3 }), 1);
  roster.workerHello(hello, 2);
  expect(roster.worker('p.1')?.busy).toBe(3);
});
