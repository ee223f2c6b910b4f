import { describe, expect, test } from 'vitest';
import { addOutcome, timesOf } from './answers.ts';

describe('an add', () => {
  test.each([
    [202, { id: '1', state: 'waiting' }, 1, 'accepted'],
    [200, { id: '1', state: 'completed' }, 1, 'accepted'],
    [202, { ids: ['1', '2'] }, 2, 'accepted'],
    [202, { ids: ['1'] }, 2, 'uncertain'],
    [202, {}, 1, 'uncertain'],
    [202, null, 1, 'uncertain'],
    [429, { code: 'queue_full' }, 1, 'refused'],
    [422, { code: 'invalid_data' }, 1, 'refused'],
    [503, { code: 'circuit_open' }, 1, 'refused'],
    [503, { code: 'store_unavailable', sent: false }, 1, 'refused'],
    [503, { code: 'store_unavailable', sent: true }, 1, 'uncertain'],
    [503, 'upstream connect error', 1, 'uncertain'],
    [502, { code: 'x' }, 1, 'uncertain'],
    [500, { code: 'internal' }, 1, 'uncertain'],
    [0, null, 1, 'uncertain'],
  ])('answered %i %j for %i is %s', (status, body, wanted, kind) => {
    expect(addOutcome({ status, body }, wanted).kind).toBe(kind);
  });
});

test.each([
  [1101, 'unsent'],
  [1212, 'unsent'],
  [1220, 'uncertain'],
  [1050, 'uncertain'],
])('a connection that failed with %i: the add is %s', (errorCode, kind) => {
  expect(addOutcome({ status: 0, body: null, errorCode }, 1).kind).toBe(kind);
});

describe('times of a job', () => {
  const job = { createdAtMs: 1_000, startedAtMs: 1_700, finishedAtMs: 1_900 };

  test('come from its own timestamps', () => {
    expect(timesOf(job, 0)).toEqual({ wait: 700, run: 200, total: 900 });
  });

  test('count from when it was due', () => {
    expect(timesOf(job, 500)).toEqual({ wait: 200, run: 200, total: 400 });
  });

  test('wait until the first of several starts', () => {
    const attempts = [{ startedAtMs: 1_100 }, { startedAtMs: 1_700 }];
    expect(timesOf({ ...job, attempts }, 0)).toEqual({ wait: 100, run: 200, total: 900 });
  });

  test('are none before it has ended', () => {
    expect(timesOf({ ...job, finishedAtMs: null }, 0)).toBeNull();
    expect(timesOf({ ...job, startedAtMs: null }, 0)).toBeNull();
  });
});
