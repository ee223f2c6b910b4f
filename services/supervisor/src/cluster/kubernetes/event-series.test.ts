import { expect, test } from 'vitest';
import { type EventSeries, noteSeries } from './event-series.ts';

function recorder() {
  let series: EventSeries = new Map();
  return (key: string, nowMs: number, object = 'pod') => {
    const noted = noteSeries(series, { key, object, name: `${key}@${nowMs}` }, nowMs);
    series = noted.series;
    return noted.write && `${noted.write.name} ×${noted.write.count}`;
  };
}

test('the same Event again is one more of its series, until it has been quiet for 6 min', () => {
  const note = recorder();
  expect(note('a', 0)).toBe('a@0 ×1');
  expect(note('a', 10_000)).toBe('a@0 ×2');
  expect(note('b', 10_000)).toBe('b@10000 ×1');
  expect(note('a', 370_000)).toBe('a@0 ×3');
  expect(note('a', 730_001)).toBe('a@730001 ×1');
});

test('about one object ten at once, then one each 10 s; what is not written is counted in its series', () => {
  const note = recorder();
  for (let n = 1; n <= 10; n++) expect(note('a', 0)).toBe(`a@0 ×${n}`);
  expect(note('a', 0)).toBeNull();
  expect(note('b', 0)).toBeNull();
  expect(note('b', 0, 'another')).toBe('b@0 ×1');
  expect(note('a', 10_000)).toBe('a@0 ×12');
  expect(note('a', 10_001)).toBeNull();
});

test('what is remembered is bounded', () => {
  let series: EventSeries = new Map();
  for (let n = 0; n < 5_000; n++) {
    series = noteSeries(series, { key: `k${n}`, object: `o${n}`, name: 'n' }, n).series;
  }
  expect(series.size).toBeLessThanOrEqual(1_000);
});
