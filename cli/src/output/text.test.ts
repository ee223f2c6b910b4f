import { describe, expect, it } from 'vitest';
import { createPaint, wantsColour } from './colour.ts';
import { printable, textWidth, truncate } from './text-width.ts';
import { age, bytes, count, duration, plural, rate } from './units.ts';

describe('widths', () => {
  it.each([
    ['abc', 3],
    ['画像', 4],
    ['🙂', 2],
    ['e\u0301', 1],
    ['\u001b[31mred\u001b[39m', 3],
    ['', 0],
  ])('%j takes %i columns', (text, width) => expect(textWidth(text)).toBe(width));

  it('cuts at whole characters and says so', () => {
    expect(truncate('abcdef', 4)).toBe('abc…');
    expect(truncate('画像画像', 4)).toBe('画…');
    expect(truncate('abc', 3)).toBe('abc');
    expect(truncate('abc', 0)).toBe('');
  });

  it('shows control characters instead of obeying them', () => {
    expect(printable('a\u001b[31mb\tc\u0007\u202e')).toBe('a\\u001b[31mb\\tc\\u0007\\u202e');
  });
});

describe('units', () => {
  it.each([
    [null, '-'],
    [0, '0 ms'],
    [1.25, '1.3 ms'],
    [999, '999 ms'],
    [1_400, '1.4 s'],
    [60_000, '1m'],
    [200_000, '3m 20s'],
    [3_600_000, '1h'],
    [187_200_000, '2d 4h'],
  ])('%s ms reads %j', (ms, text) => expect(duration(ms)).toBe(text));

  it('never shows a negative age', () => {
    expect(age(2_000, 1_000)).toBe('0 ms');
    expect(age(null, 1_000)).toBe('-');
  });

  it('tells sizes, counts and rates', () => {
    expect([bytes(512), bytes(3_565_158), bytes(268_435_456), bytes(1_048_575)]).toEqual([
      '512 B',
      '3.4 MiB',
      '256 MiB',
      '1.0 MiB',
    ]);
    expect([count(20_000), plural(1, 'job'), plural(2, 'job')]).toEqual(['20,000', '1 job', '2 jobs']);
    expect([rate(0), rate(0.42), rate(5_120.4)]).toEqual(['-', '0.4/s', '5,120/s']);
  });
});

describe('colours', () => {
  it('appear on a terminal, and nowhere with NO_COLOR or on a dumb one', () => {
    const none = { noColor: undefined, term: 'xterm' };
    expect(wantsColour(true, none)).toBe(true);
    expect(wantsColour(false, none)).toBe(false);
    expect(wantsColour(true, { ...none, noColor: '1' })).toBe(false);
    expect(wantsColour(true, { ...none, noColor: '' })).toBe(true);
    expect(wantsColour(true, { ...none, term: 'dumb' })).toBe(false);
  });

  it('leave text alone when switched off', () => {
    expect(createPaint(false).red('x')).toBe('x');
    expect(createPaint(true).red('x')).toBe('\u001b[31mx\u001b[39m');
  });
});
