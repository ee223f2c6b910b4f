import { expect, test } from 'vitest';
import { createPodWatch } from './pod-watch.ts';

/** Asks every 100 ms from `from` up to `to`; who was hung, and when. */
function ask(watch: ReturnType<typeof createPodWatch>, from: number, to: number) {
  const found: [number, readonly string[]][] = [];
  for (let nowMs = from; nowMs <= to; nowMs += 100) {
    const hung = watch.hung(nowMs);
    if (hung.length > 0) found.push([nowMs, hung]);
  }
  return found;
}

test('a silent pod is hung at the limit, and told once', () => {
  const watch = createPodWatch(1_000);
  watch.heard('a', 0);
  watch.heard('b', 500);
  expect(ask(watch, 0, 5_000)).toEqual([
    [1_000, ['a']],
    [1_500, ['b']],
  ]);
});

test('a pod whose link closed is not hung but gone', () => {
  const watch = createPodWatch(1_000);
  watch.heard('a', 0);
  watch.gone('a');
  expect(ask(watch, 0, 5_000)).toEqual([]);
});

test('a supervisor that stood still accuses no pod', () => {
  const watch = createPodWatch(1_000);
  watch.heard('a', 0);
  ask(watch, 0, 200);
  expect(ask(watch, 60_000, 60_900)).toEqual([]);
});

test('who is hung is so until it speaks, its link closes, or we may have missed its words', () => {
  const watch = createPodWatch(1_000);
  for (const pod of ['a', 'b', 'c']) watch.heard(pod, 0);
  ask(watch, 0, 1_000);
  expect(watch.stillHung()).toEqual(['a', 'b', 'c']);
  watch.heard('a', 1_050);
  watch.gone('b');
  expect(watch.stillHung()).toEqual(['c']);
  ask(watch, 60_000, 60_900);
  expect(watch.stillHung()).toEqual([]);
  expect(ask(watch, 61_000, 61_000)).toEqual([[61_000, ['a', 'c']]]);
});
