import { expect, test } from 'vitest';
import { createDurations } from './counters.ts';
import { createDeltas } from './deltas.ts';
import { DURATION_EDGES } from './edges.ts';
import { numberFamily } from './family.ts';

test('counters and histograms are told as rises, gauges as they are', () => {
  const deltas = createDeltas();
  const durations = createDurations('took_seconds', 'It took.');
  const look = (count: number, gauge: number) =>
    deltas
      .since([
        numberFamily('counter', 'a_total', 'A.', [{ labels: { queue: 'mail' }, value: count }]),
        numberFamily('gauge', 'b', 'B.', gauge),
        durations.family(),
      ])
      .map(({ samples: [sample] }) => {
        if (sample === undefined) return null;
        return 'value' in sample ? sample.value : sample.durations.counts[DURATION_EDGES.indexOf(0.5)];
      });
  expect(look(5, 3)).toEqual([5, 3, null]);
  durations.record({}, 0.3);
  expect(look(7, 2)).toEqual([2, 2, 1]);
  durations.record({}, 0.4);
  expect(look(7, 2)).toEqual([0, 2, 1]);
  expect(look(3, 2)).toEqual([3, 2, 0]);
});
