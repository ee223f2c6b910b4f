import { expect, test } from 'vitest';
import { createCounter, createDurations } from './counters.ts';
import { DURATION_EDGES } from './edges.ts';
import { numberFamily } from './family.ts';
import { prometheusText } from './prometheus-text.ts';

test('a family is declared once, with its samples behind it, wherever they come from', () => {
  const text = prometheusText([
    numberFamily('gauge', 'a', 'First.', 1),
    numberFamily('counter', 'b_total', 'None yet.', []),
    numberFamily('gauge', 'a', 'Second.', [{ labels: { queue: 'mail', slot: 2 }, value: 0.5 }]),
  ]);
  expect(text.split('\n')).toEqual([
    '# HELP a First.',
    '# TYPE a gauge',
    'a 1',
    'a{queue="mail",slot="2"} 0.5',
    '# HELP b_total None yet.',
    '# TYPE b_total counter',
    '',
  ]);
});

test('what would end a label or a line is escaped; what is no number has a name', () => {
  const odd = numberFamily('gauge', 'a', 'Says "x\\y"\n twice.', [
    { labels: { queue: 'a"b\\c\nd' }, value: Number.POSITIVE_INFINITY },
    { labels: { queue: '…' }, value: Number.NaN },
    { labels: {}, value: Number.NEGATIVE_INFINITY },
    { labels: {}, value: 1e21 },
  ]);
  expect(prometheusText([odd])).toBe(
    `${[
      '# HELP a Says "x\\\\y"\\n twice.',
      '# TYPE a gauge',
      'a{queue="a\\"b\\\\c\\nd"} +Inf',
      'a{queue="…"} NaN',
      'a -Inf',
      'a 1e+21',
    ].join('\n')}\n`,
  );
});

test('buckets count all up to their edge; sum and count close a histogram', () => {
  const durations = createDurations('took_seconds', 'It took.');
  for (const seconds of [0.001, 0.3, 0.3, 5000]) durations.record({ queue: 'mail' }, seconds);
  const lines = prometheusText([durations.family()]).trim().split('\n');
  const at = (le: string) => lines.find((line) => line.includes(`le="${le}"`))?.split(' ')[1];
  expect(lines).toHaveLength(2 + DURATION_EDGES.length + 3);
  expect([at('0.001'), at('0.25'), at('0.5'), at('3600'), at('+Inf')]).toEqual(['1', '1', '3', '3', '4']);
  expect(lines.slice(-2)).toEqual([
    'took_seconds_sum{queue="mail"} 5000.601',
    'took_seconds_count{queue="mail"} 4',
  ]);
});

test('a counter counts by its labels, and tells zeros that it was asked to', () => {
  const counter = createCounter('ends_total', 'Ends.', [{ cause: 'oom' }]);
  counter.add({ cause: 'crash' });
  counter.add({ cause: 'crash' }, 2);
  counter.at({ cause: 'crash' }).value += 1;
  const { samples } = counter.family();
  expect(samples).toEqual([
    { labels: { cause: 'oom' }, value: 0 },
    { labels: { cause: 'crash' }, value: 4 },
  ]);
});
