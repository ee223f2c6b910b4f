import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

test('fewer begin at once as long as they block the event loop, soon as many as before when they do not', async () => {
  let nowMs = 0;
  let blocksMs = 5;
  let begun = 0;
  const turns = new Turns(() => nowMs);
  const begin = () => {
    begun += 1;
    nowMs += blocksMs;
  };
  /** How many of sixteen begin in the first turn. */
  const atOnce = async () => {
    begun = 0;
    turns.letGo(new Array(16).fill(begin));
    const first = begun;
    while (begun < 16) await turn();
    await turn();
    return first;
  };
  expect(await atOnce()).toBe(16);
  expect(await atOnce()).toBe(8);
  expect(await atOnce()).toBe(1);
  blocksMs = 0;
  expect(await atOnce()).toBe(1);
  expect(await atOnce()).toBe(16);
});

test('those of the first turn begin within the call, in their order, and later ones behind them', async () => {
  const turns = new Turns(() => 0);
  const begun: string[] = [];
  const named = (...names: string[]) => names.map((name) => () => begun.push(name));
  turns.letGo(named('a', 'b'));
  expect(begun).toEqual(['a', 'b']);
  turns.letGo(named('c'));
  expect(begun).toEqual(['a', 'b']);
  await turn();
  expect(begun).toEqual(['a', 'b', 'c']);
});
