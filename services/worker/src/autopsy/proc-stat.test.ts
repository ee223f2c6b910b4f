import { expect, test } from 'vitest';
import { kernelUnits, parseStat, unitsOf } from './proc-stat.ts';

test('reads the fields, whatever the name of the process', () => {
  const stat = (name: string) =>
    `77 (${name}) R 1 77 77 0 -1 4194304 1 2 3 4 150 60 7 8 20 0 11 0 99 1048576 12345 18446744073709551615 0 0 9`;
  const expected = { letter: 'R', flags: 4_194_304, cpuTicks: 210, rssPages: 12_345, exitCode: 9 };
  expect(parseStat(stat('node'))).toEqual(expected);
  expect(parseStat(stat('a) S (b c'))).toEqual(expected);
});

test('the units come from the auxiliary vector, and are the usual ones where there is none', () => {
  const words = new BigUint64Array([6n, 65_536n, 17n, 250n, 0n, 0n]);
  expect(unitsOf(new Uint8Array(words.buffer))).toEqual({ pageBytes: 65_536, ticksPerSecond: 250 });
  expect(unitsOf(new Uint8Array())).toEqual({ pageBytes: 4_096, ticksPerSecond: 100 });
  expect(Math.log2(kernelUnits().pageBytes) % 1).toBe(0);
});
