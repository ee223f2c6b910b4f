import { gateLines } from '@millrace/measure';
import { describe, expect, test } from 'vitest';
import { gatesOf } from './gates.ts';

const death = { worker: 'w', cause: 'hung', blame: 'none' };
const quiet = { name: 'quiet', deaths: [], figures: {} };
const mass = { name: 'mass-death', deaths: [], figures: { reclaimMs: 400, longestCallMs: 3.5 } };
const met = (...results: Parameters<typeof gatesOf>[0]) => gatesOf(results).map((gate) => gate.met);

describe('the gates', () => {
  test('are met within the limits, and say nothing of what was not run', () => {
    expect(met(quiet, mass)).toEqual([true, true, true]);
    expect(met()).toEqual([null, null, null]);
  });

  test('are missed, for a machine and for people', () => {
    const bad = [
      { ...quiet, deaths: [death] },
      { ...mass, figures: { reclaimMs: 1_200, longestCallMs: 7 } },
    ];
    expect(met(...bad)).toEqual([false, false, false]);
    expect(gateLines(gatesOf(bad)).every((line) => line.startsWith('MISSED '))).toBe(true);
  });
});
