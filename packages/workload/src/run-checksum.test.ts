import { describe, expect, it } from 'vitest';
import { createTally } from './run-checksum.ts';

describe('createTally', () => {
  it('counts every id once, and tells what came twice, from elsewhere or not at all', () => {
    const tally = createTally(5);
    expect(tally.count(0, 0xf000_0001)).toBe(true);
    expect(tally.count(3, 0x0000_0003)).toBe(true);
    expect(tally.count(3, 0x0000_0003)).toBe(false);
    expect(tally.count(5, 9)).toBe(false);
    expect(tally.count(-1, 9)).toBe(false);
    expect(tally.count(1.5, 9)).toBe(false);
    expect(tally).toMatchObject({ checksum: 0xf000_0002, done: 2, repeated: 1, foreign: 3 });
    expect(tally.missing(2)).toEqual([1, 2]);
    expect(tally.missing(10)).toEqual([1, 2, 4]);
  });
});
