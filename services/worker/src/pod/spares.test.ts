import { ManualClock } from '@millrace/core';
import { expect, test } from 'vitest';
import { createSpares } from './spares.ts';

function setUp() {
  const clock = new ManualClock();
  const told: string[] = [];
  const spares = createSpares(
    { onWarm: (id) => told.push(`warm ${id}`), onCalm: (id) => told.push(`calm ${id}`) },
    clock,
  );
  return { clock, told, spares };
}

test('a suspicion ends a while after the suspect showed itself', () => {
  const { clock, told, spares } = setUp();
  spares.warm('a');
  clock.advance(60_000);
  expect(told).toEqual(['warm a']);
  spares.heard('a');
  clock.advance(9_000);
  spares.heard('a');
  clock.advance(1_000);
  expect(told).toEqual(['warm a', 'calm a']);
  spares.heard('a');
  clock.advance(60_000);
  expect(told).toHaveLength(2);
});

test('who is suspected again meanwhile keeps its standby', () => {
  const { clock, told, spares } = setUp();
  spares.warm('a');
  spares.heard('a');
  clock.advance(5_000);
  spares.warm('a');
  clock.advance(60_000);
  expect(told).toEqual(['warm a', 'warm a']);
});

test('of the gone and after the stop nothing is told', () => {
  const { clock, told, spares } = setUp();
  for (const id of ['a', 'b']) spares.warm(id);
  for (const id of ['a', 'b']) spares.heard(id);
  spares.gone('a');
  spares.stop();
  clock.advance(60_000);
  expect(told).toEqual(['warm a', 'warm b']);
});
