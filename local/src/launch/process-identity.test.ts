import { expect, it } from 'vitest';
import { isStillRunning, parseProcStat, signalProcess, startMark } from './process-identity.ts';

const NOBODY = 2 ** 22 + 1;

it('reads the start time behind whatever name a process has', () => {
  const fields = ['S', ...Array.from({ length: 18 }, (_, i) => i + 4), 777, 23];
  expect(parseProcStat(`12 (a (b) c) ${fields.join(' ')}`)).toEqual({ state: 'S', startTicks: '777' });
  expect(parseProcStat('12 (short) S 1')).toBeNull();
});

it('marks a process that runs, and none that does not', async () => {
  const mark = await startMark(process.pid);
  expect(mark).not.toBeNull();
  expect(await startMark(process.pid)).toBe(mark);
  expect(await startMark(process.ppid)).not.toBe(mark);
  expect(await isStillRunning(process.pid, mark as string)).toBe(true);
  expect(await isStillRunning(process.pid, 'another')).toBe(false);
  expect(await startMark(NOBODY)).toBeNull();
  expect(signalProcess(NOBODY, 0)).toBe(false);
  expect(signalProcess(process.pid, 0)).toBe(true);
});
