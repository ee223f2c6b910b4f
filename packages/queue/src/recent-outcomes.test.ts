import { expect, test } from 'vitest';
import { RecentOutcomes } from './recent-outcomes.ts';
import type { FinalOutcome } from './types/waiters.ts';

const outcome = (result: unknown): FinalOutcome => ({ state: 'completed', result, error: null });

function keptOf(recent: RecentOutcomes, names: string): string {
  return [...names].filter((name) => recent.get(name)).join('');
}

test('keeps the newest, so many', () => {
  const recent = new RecentOutcomes(2, 1_000);
  for (const name of 'abc') recent.add(name, outcome(name), 1);
  expect(keptOf(recent, 'abc')).toBe('bc');
});

test('keeps no more text than it may, however few outcomes that is', () => {
  const recent = new RecentOutcomes(100, 10);
  recent.add('a', outcome('a'), 4);
  recent.add('b', outcome('b'), 4);
  recent.add('c', outcome('c'), 4);
  expect(keptOf(recent, 'abc')).toBe('bc');
  recent.add('d', outcome('d'), 11);
  expect(keptOf(recent, 'abcd')).toBe('');
  recent.add('e', outcome('e'), 10);
  expect(keptOf(recent, 'abcde')).toBe('e');
});

test('an outcome told again replaces the one before', () => {
  const recent = new RecentOutcomes(100, 10);
  for (const result of [1, 2, 3]) recent.add('a', outcome(result), 6);
  expect(recent.get('a')?.result).toBe(3);
});
