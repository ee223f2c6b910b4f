import { ManualClock } from '@millrace/core';
import { expect, test } from 'vitest';
import { peakOf, watchPeakMemory } from './peak-memory.ts';

test('the high-water mark is read as bytes; a zombie has none', () => {
  expect(peakOf('Name:\tnode\nVmPeak:\t 900 kB\nVmHWM:\t  512 kB\nVmRSS:\t  400 kB\n')).toBe(512 * 1024);
  expect(peakOf('Name:\tnode\nState:\tZ (zombie)\n')).toBeNull();
});

test('of a process that is there it is known after a look, of none it stays unknown', () => {
  const clock = new ManualClock();
  const own = watchPeakMemory(process.pid, clock);
  clock.advance(250);
  expect(own.bytes).toBeGreaterThan(10_000_000);
  own.stop();
  const none = watchPeakMemory(undefined, clock);
  none.look();
  expect(none.bytes).toBeNull();
});
