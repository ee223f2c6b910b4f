import { describe, expect, it } from 'vitest';
import { cancel, fail, outcomeOf, outcomeOfThrown, snooze } from './outcomes.ts';

const boom = new Error('boom');

describe('what a handler returns', () => {
  it.each([[undefined], [null], [0], ['text'], [{ kind: 'fail' }], [[1]]])('is a result: %j', (value) => {
    expect(outcomeOf(value)).toEqual({ kind: 'ok', value });
  });

  it('is a failure, which is retried unless it says otherwise', () => {
    expect(outcomeOf(fail(boom))).toEqual({ kind: 'fail', error: boom, retry: true });
    expect(outcomeOf(fail('no such image'))).toEqual({
      kind: 'fail',
      error: new Error('no such image'),
      retry: true,
    });
    expect(outcomeOf(fail(boom, { retry: false }))).toEqual({ kind: 'fail', error: boom, retry: false });
  });

  it('is a cancellation or a snooze', () => {
    expect(outcomeOf(cancel('sold out'))).toEqual({ kind: 'cancel', reason: 'sold out' });
    expect(outcomeOf(snooze('5m'))).toEqual({ kind: 'snooze', delayMs: 300_000 });
    expect(outcomeOf(snooze(1.6))).toEqual({ kind: 'snooze', delayMs: 2 });
  });

  it('is no snooze of nonsense, or beyond a year', () => {
    expect(() => snooze('soon')).toThrow('"soon" is not a duration');
    expect(() => snooze(-1)).toThrow('not a duration');
    expect(() => snooze('366d')).toThrow('at most 365 days');
  });
});

describe('what a handler throws', () => {
  it('is a failure that may be retried', () => {
    expect(outcomeOfThrown(boom)).toEqual({ kind: 'fail', error: boom, retry: true });
  });

  it('is told also when it is no Error', () => {
    const messages = ['text', { status: 500 }, undefined, 10n].map((thrown) => {
      const outcome = outcomeOfThrown(thrown);
      return outcome.kind === 'fail' && outcome.error.message;
    });
    expect(messages).toEqual([
      'text',
      'The handler threw { status: 500 }, which is no Error',
      'The handler threw undefined, which is no Error',
      'The handler threw 10n, which is no Error',
    ]);
  });

  it('may be an outcome: thrown from deep down it means the same', () => {
    expect(outcomeOfThrown(cancel('sold out'))).toEqual({ kind: 'cancel', reason: 'sold out' });
  });
});
