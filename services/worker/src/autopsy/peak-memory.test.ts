import { expect, test } from 'vitest';
import { createPeakMemory, peakOf } from './peak-memory.ts';

test('the high-water mark is read as bytes; a zombie has none', () => {
  expect(peakOf('Name:\tnode\nVmPeak:\t 900 kB\nVmHWM:\t  512 kB\nVmRSS:\t  400 kB\n')).toBe(512 * 1024);
  expect(peakOf('Name:\tnode\nState:\tZ (zombie)\n')).toBeNull();
});

test('of a process that is there it is known after a look, of none it stays unknown', () => {
  const own = createPeakMemory(process.pid);
  expect(own.bytes).toBeNull();
  own.look();
  expect(own.bytes).toBeGreaterThan(10_000_000);
  const none = createPeakMemory(undefined);
  none.look();
  expect(none.bytes).toBeNull();
});
