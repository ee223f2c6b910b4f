import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { getPriority } from 'node:os';
import { ManualClock } from '@millrace/core';
import { expect, test } from 'vitest';
import { until } from '../../../../tests/support/queue.ts';
import { createDyingWatch, isDyingByKill, residentPages, yieldToTheLiving } from './dying-watch.ts';

test('a process is dying by SIGKILL when it is exiting and its code says so', () => {
  expect(isDyingByKill({ flags: 0x4, exitCode: 9 })).toBe(true);
  expect(isDyingByKill({ flags: 0x404, exitCode: 9 })).toBe(true);
  expect(isDyingByKill({ flags: 0x400, exitCode: 9 })).toBe(false);
  expect(isDyingByKill({ flags: 0x4, exitCode: 256 })).toBe(false);
  expect(isDyingByKill({ flags: 0x4, exitCode: 6 })).toBe(false);
});

test('the resident size is the second number; none of a process that exits', () => {
  expect(residentPages(Buffer.from('2634 517 343 162 0 2473 0\n'))).toBe(517);
  expect(residentPages(Buffer.from('0 0 0 0 0 0 0\nleft of a longer text'))).toBe(0);
});

async function child() {
  const made = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1e6)'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(made.stdout, 'data');
  return made;
}

test.runIf(existsSync('/proc/self/stat'))(
  'what dies yields to the living; what is gone is no fault',
  async () => {
    const dying = await child();
    const pid = dying.pid as number;
    expect(getPriority(pid)).toBe(getPriority());
    yieldToTheLiving(pid);
    expect(getPriority(pid)).toBe(10);
    const gone = once(dying, 'exit');
    dying.kill('SIGKILL');
    await gone;
    yieldToTheLiving(pid);
  },
);

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

test.runIf(existsSync('/proc/self/stat'))(
  'sees from outside how a child does, and its peak after its end',
  async () => {
    const clock = new ManualClock();
    const watch = createDyingWatch(clock);
    const idle = await child();
    const seen = watch.add(idle.pid as number, () => undefined);
    const first = seen.vitals();
    expect(first?.letter).toMatch(/^[SR]$/);
    expect(first?.cpuMs).toBeGreaterThan(0);
    // A process of Node takes some 40 MB, on pages of whatever size.
    expect(first?.rssBytes).toBeGreaterThan(10e6);
    expect(first?.rssBytes).toBeLessThan(500e6);
    idle.kill('SIGSTOP');
    await until(() => seen.vitals()?.letter === 'T', 'it is seen stopped');
    idle.kill('SIGKILL');
    await once(idle, 'exit');
    expect(seen.vitals()).toBeNull();
    expect(seen.peakRssBytes).toBeGreaterThanOrEqual(first?.rssBytes ?? 0);
    seen.cancel();
  },
);

test('a pid that is not there is watched by nobody', () => {
  const nobody = createDyingWatch(new ManualClock()).add(2 ** 30, () => undefined);
  expect(nobody.vitals()).toBeNull();
  expect(nobody.peakRssBytes).toBeNull();
  nobody.cancel();
});
