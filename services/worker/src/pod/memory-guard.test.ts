import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { ManualClock } from '@millrace/core';
import { afterEach, expect, test } from 'vitest';
import { condemned, createMemoryGuard } from './memory-guard.ts';

const MIB = 1024 * 1024;

test.each([
  ['there is room', 90, { alone: [50], workers: [10] }, -1],
  ['the lonely one is the largest', 91, { alone: [50], workers: [10, 20] }, 0],
  ['the larger of two', 91, { alone: [20, 50], workers: [10] }, 1],
  ['a worker is larger: its jobs are to blame', 99, { alone: [50], workers: [51] }, -1],
  ['alone without any worker', 99, { alone: [1], workers: [] }, 0],
])('of 100 bytes %s', (_, held, sizes, at) => {
  expect(condemned(held, 100, sizes)).toBe(at);
});

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

async function holding(mib: number): Promise<{ pid: number; gone: Promise<unknown> }> {
  const code = `globalThis.kept = Buffer.alloc(${mib * MIB}, 1); setInterval(() => {}, 1e6); console.log(1)`;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(child);
  await once(child.stdout, 'data');
  return { pid: child.pid as number, gone: once(child, 'exit') };
}

/** A container's memory, in MiB. */
function memory(limit: number | null) {
  const now = { used: 0, held: 0 };
  return {
    now,
    limitBytes: () => limit && limit * MIB,
    usedBytes: () => now.used * MIB,
    heldBytes: () => now.held * MIB,
    oomKills: () => 0,
  };
}

test.runIf(existsSync('/proc/self/stat'))(
  'ends the largest that runs alone, telling of it first, and waits until it is gone',
  async () => {
    const [worker, small, large] = await Promise.all([holding(0), holding(16), holding(64)]);
    const [group, clock] = [memory(100), new ManualClock()];
    const guard = createMemoryGuard(group, clock);
    const told: string[] = [];
    const watches = [
      guard.worker(worker.pid),
      guard.alone(small.pid, () => told.push('small')),
      guard.alone(large.pid, () => told.push('large')),
    ];
    clock.advance(100);
    Object.assign(group.now, { used: 99, held: 80 });
    clock.advance(100);
    expect(told).toEqual([]);
    group.now.held = 91;
    clock.advance(4);
    expect(told).toEqual(['large']);
    await large.gone;
    watches[2]?.cancel();
    clock.advance(4);
    expect(told).toEqual(['large', 'small']);
    await small.gone;
    for (const watch of watches) watch.cancel();
    clock.advance(100);
    expect(told).toHaveLength(2);
  },
);

test.runIf(existsSync('/proc/self/stat'))('does nothing without a limit, nor to who is gone', async () => {
  const { pid, gone } = await holding(0);
  const [group, clock] = [memory(null), new ManualClock()];
  const told: string[] = [];
  const watch = createMemoryGuard(group, clock).alone(pid, () => told.push('it'));
  Object.assign(group.now, { used: 99, held: 99 });
  clock.advance(100);
  running[0]?.kill('SIGKILL');
  await gone;
  const late = createMemoryGuard(memory(1), clock).alone(pid, () => told.push('late'));
  clock.advance(100);
  expect(told).toEqual([]);
  watch.cancel();
  late.cancel();
});
