import { ManualClock, silentLog } from '@millrace/core';
import { expect, test } from 'vitest';
import { createFeeding } from './feeding.ts';

function setUp() {
  const clock = new ManualClock();
  const cuts: ReadonlyMap<string, readonly string[]>[] = [];
  const supervision = {
    cutBlockingOf: async (suspects: ReadonlyMap<string, readonly string[]>) => cuts.push(suspects),
  };
  const stop = createFeeding({
    ...{ store: { supervision } as never, queuesOf: (id) => [`q-${id}`], beatMs: 250, clock, log: silentLog },
  });
  const suspects = (...ids: string[]) => ids.map((id) => ({ id }) as never);
  return { clock, cuts, tick: (...ids: string[]) => stop(suspects(...ids)) };
}

test('suspects are cut at once and then once a beat, all with one call', () => {
  const { clock, cuts, tick } = setUp();
  for (let ms = 0; ms < 500; ms += 50) {
    tick('a', 'b');
    clock.advance(50);
  }
  expect(cuts).toHaveLength(2);
  expect(cuts[0]).toEqual(
    new Map([
      ['a', ['q-a']],
      ['b', ['q-b']],
    ]),
  );
});

test('a new suspect does not wait for the beat of the others', () => {
  const { clock, cuts, tick } = setUp();
  tick('a');
  clock.advance(50);
  tick('a', 'b');
  clock.advance(50);
  tick('a');
  expect(cuts.map((cut) => [...cut.keys()])).toEqual([['a'], ['a', 'b']]);
});

test('nobody suspected, nobody asked; one suspected again is new', () => {
  const { cuts, tick } = setUp();
  tick();
  tick('a');
  tick();
  tick('a');
  expect(cuts).toHaveLength(2);
});
