import { type Clock, ManualClock } from '@millrace/core';
import { expect, test } from 'vitest';
import { watchSilence } from './silence.ts';

function watched(clock: Clock) {
  const told: string[] = [];
  return { told, silence: watchSilence({ beatMs: 250, limitMs: 1_000 }, clock, () => told.push('over')) };
}

test('whoever says nothing for the limit is given up, once; every word begins it anew', () => {
  const clock = new ManualClock();
  const { told, silence } = watched(clock);
  clock.advance(900);
  silence.heard();
  clock.advance(950);
  expect([told, silence.isOver]).toEqual([[], false]);
  clock.advance(300);
  expect([told, silence.isOver]).toEqual([['over'], true]);
  clock.advance(10_000);
  expect(told).toEqual(['over']);
});

test('the time that we slept away is one turn of silence, however long it was', () => {
  const turns: (() => void)[] = [];
  const clock = new ManualClock();
  const every: Clock['every'] = (_ms, turn) => {
    turns.push(turn);
    return { cancel: () => undefined };
  };
  const { told } = watched(Object.assign(Object.create(clock), { every }) as Clock);
  // A timer of Node that is an hour late fires once.
  clock.advance(3_600_000);
  for (let i = 0; i < 4; i++) turns[0]?.();
  expect(told).toEqual([]);
  turns[0]?.();
  expect(told).toEqual(['over']);
});

test('after its end nobody is given up', () => {
  const clock = new ManualClock();
  const { told, silence } = watched(clock);
  silence.end();
  clock.advance(10_000);
  expect(told).toEqual([]);
});
