import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import {
  backoffArgument,
  deadlineArgument,
  durationArgument,
  parseServerUrl,
  queueArgument,
  wholeNumber,
} from './arguments.ts';

describe('durations', () => {
  it.each([
    ['30s', 30_000],
    ['250', 250],
    ['1.5m', 90_000],
    ['1h', 3_600_000],
  ])('%s is %i ms', (text, ms) => expect(durationArgument(text)).toBe(ms));

  it.each(['', 'soon', '-1', '5 minutes', '1e3'])('%j is refused with an example', (text) =>
    expect(() => durationArgument(text)).toThrow(/is not a duration: write .* like "30s"/),
  );
});

describe('backoff', () => {
  it('reads type, delay and jitter', () => {
    expect(backoffArgument('exponential:1s')).toEqual({ type: 'exponential', delayMs: 1_000 });
    expect(backoffArgument('fixed:500ms:0.2')).toEqual({ type: 'fixed', delayMs: 500, jitter: 0.2 });
  });

  it.each(['linear:1s', 'fixed', 'fixed:soon', 'fixed:1s:2', 'fixed:1s:', 'fixed:1s:0:0', ''])(
    '%j is refused',
    (text) => expect(() => backoffArgument(text)).toThrow(InvalidArgumentError),
  );
});

describe('deadline', () => {
  const deadline = deadlineArgument(Date.parse('2026-01-31T16:00:00Z'));

  it('is a duration from now or a time with its offset', () => {
    expect(deadline('2h')).toBe('2026-01-31T18:00:00.000Z');
    expect(deadline('2026-01-31T18:00:00+01:00')).toBe('2026-01-31T18:00:00+01:00');
  });

  it.each(['tomorrow', '2026-01-31', '2026-01-31T18:00:00'])('%j is refused', (text) =>
    expect(() => deadline(text)).toThrow(/is not a deadline/),
  );
});

describe('numbers and names', () => {
  it('takes whole numbers in their range', () => {
    expect(wholeNumber(1, 100)('7')).toBe(7);
    expect(() => wholeNumber(1, 100)('101')).toThrow('"101" is not a whole number from 1 to 100');
    expect(() => wholeNumber(1)('1.5')).toThrow('"1.5" is not a whole number of at least 1');
    expect(() => wholeNumber(0)('')).toThrow(/not a whole number/);
  });

  it('refuses what can be no queue before asking a server', () => {
    expect(queueArgument('images.small')).toBe('images.small');
    for (const name of ['', 'a/b', '../x', 'a b', '-x', 'x'.repeat(65)]) {
      expect(() => queueArgument(name)).toThrow(/is not a queue name/);
    }
  });
});

describe('the server’s address', () => {
  it('keeps a path before the API', () => {
    expect(parseServerUrl('https://example.test/millrace/').href).toBe('https://example.test/millrace');
  });

  it.each(['example.test:80', 'ftp://x', '', 'http://'])('%j is refused', (text) =>
    expect(() => parseServerUrl(text)).toThrow(/is not the address of a server/),
  );

  it('refuses a token in the address, where it would be logged', () => {
    expect(() => parseServerUrl('http://:secret@127.0.0.1')).toThrow(/MILLRACE_TOKEN/);
  });
});
