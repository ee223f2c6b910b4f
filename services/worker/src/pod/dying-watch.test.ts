import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { ManualClock } from '@millrace/core';
import { expect, test } from 'vitest';
import { until } from '../../../../tests/support/queue.ts';
import { createDyingWatch, isDyingByKill } from './dying-watch.ts';

const stat = (name: string, flags: number, exitCode: number) =>
  `77 (${name}) R 1 77 77 0 -1 ${flags} 1 2 3 4 5 6 7 8 20 0 1 0 99 0 0 ${exitCode}\n`.trimEnd();

test('a process is dying by SIGKILL when it is exiting and its code says so', () => {
  expect(isDyingByKill(stat('node', 0x4, 9))).toBe(true);
  expect(isDyingByKill(stat('a) R (b', 0x404, 9))).toBe(true);
  expect(isDyingByKill(stat('node', 0x400, 9))).toBe(false);
  expect(isDyingByKill(stat('node', 0x4, 256))).toBe(false);
  expect(isDyingByKill(stat('node', 0x4, 6))).toBe(false);
});

async function child() {
  const made = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1e6)'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(made.stdout, 'data');
  return made;
}

test.runIf(existsSync('/proc/self/stat'))(
  'sees a killed child, once, and not one that ends by itself',
  async () => {
    const clock = new ManualClock();
    const watch = createDyingWatch(clock);
    const [killed, ended] = await Promise.all([child(), child()]);
    const seen: string[] = [];
    watch.add(killed.pid as number, () => seen.push('killed'));
    const other = watch.add(ended.pid as number, () => seen.push('ended'));
    clock.advance(100);
    expect(seen).toEqual([]);
    // A stopped process is not dead, however long it says nothing.
    killed.kill('SIGSTOP');
    clock.advance(100);
    expect(seen).toEqual([]);
    // Not awaited before the look: a child of ours is not reaped before we return to the event loop.
    killed.kill('SIGKILL');
    ended.kill('SIGTERM');
    await until(() => {
      clock.advance(10);
      return seen.length > 0 || killed.exitCode !== null || killed.signalCode !== null;
    }, 'the death shows');
    clock.advance(100);
    expect(seen.filter((name) => name === 'ended')).toEqual([]);
    expect(seen.length).toBeLessThanOrEqual(1);
    other.cancel();
  },
);

test('a pid that is not there is watched by nobody', () => {
  createDyingWatch(new ManualClock())
    .add(2 ** 30, () => undefined)
    .cancel();
});
