import { MillraceError, type Outcome } from '@millrace/core';
import { expect, test } from 'vitest';
import { outcomeFromWire, outcomeToWire } from './remote.ts';

const there = (outcome: Outcome) => outcomeFromWire(JSON.parse(JSON.stringify(outcomeToWire(outcome))));

test('an error keeps its words, its stack and its code on the way', () => {
  const error = new MillraceError('invalid_data', 'not so', { details: { faults: [] } });
  const outcome = there({ kind: 'fail', error, retry: false });
  expect(outcome).toMatchObject({
    kind: 'fail',
    retry: false,
    error: { code: 'invalid_data', message: 'not so', stack: error.stack, details: { faults: [] } },
  });
  const plain = there({ kind: 'fail', error: new RangeError('far'), retry: true });
  expect(plain).toMatchObject({ error: { name: 'RangeError', message: 'far' } });
});

test('a result travels as the JSON it will be stored as', () => {
  expect(there({ kind: 'ok', value: { at: new Date(0), gone: () => 1 } })).toEqual({
    kind: 'ok',
    value: { at: '1970-01-01T00:00:00.000Z' },
  });
});

test('what is no JSON fails on the far side, where its thread would die of it', () => {
  expect(there({ kind: 'ok', value: 1n })).toMatchObject({ kind: 'fail', retry: false });
});

test('other outcomes arrive as they were', () => {
  for (const outcome of [
    { kind: 'cancel', reason: 'no' },
    { kind: 'snooze', delayMs: 3 },
    { kind: 'returned', reason: 'drain' },
  ] satisfies Outcome[]) {
    expect(there(outcome)).toEqual(outcome);
  }
});
