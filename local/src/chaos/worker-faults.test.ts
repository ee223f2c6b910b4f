import { spawn } from 'node:child_process';
import { type Clock, compileConfig, systemClock } from '@millrace/core';
import { afterEach, expect, test } from 'vitest';
import type { ChaosTarget } from './fault.ts';
import { killsInARow } from './worker-faults.ts';

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

/** Sleeps take a millisecond, and the clock goes on by them. */
function hastyClock(): Clock {
  let aheadMs = 0;
  const sleep = async (ms: number) => {
    aheadMs += ms;
    await systemClock.sleep(1);
  };
  return { ...systemClock, sleep, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
}

/** A pod that starts its one process again at once, for ever; its pool gives up after so many looks at the tree. */
function thrashing(looksUntilOpen: number): ChaosTarget {
  const pod = spawn('sh', ['-c', 'while :; do sleep 30 & wait $!; done'], { detached: true });
  cleanups.push(() => process.kill(-(pod.pid ?? 0), 'SIGKILL'));
  let looks = 0;
  const ask = async () => {
    looks += 1;
    return { status: 200, body: { pools: [{ state: looks > looksUntilOpen ? 'open' : 'running' }] } };
  };
  const nothing = () => undefined;
  return {
    ...{
      clock: hastyClock(),
      signal: AbortSignal.timeout(20_000),
      api: { ask },
      harmed: nothing,
      tell: nothing,
    },
    processes: async () => [{ name: 'pod-x', pid: pod.pid ?? 0 }],
  } as unknown as ChaosTarget;
}

test('20 kills after which no pool has given up are no escalation, but thrashing', async () => {
  await expect(killsInARow.strike(thrashing(Number.POSITIVE_INFINITY))).rejects.toThrow('its circuit opens');
});

test('a pool that gives up on the way, or soon after the last kill, is what was promised', async () => {
  await killsInARow.strike(thrashing(3));
  await killsInARow.strike(thrashing(25));
});

test('budgets that 20 kills do not spend are told before anything is done', () => {
  const bench =
    'worker: {processes: 1, standby: 1}\nsupervision: {intensity: 2}\npools: {default: {pods: 2}}';
  expect(killsInARow.fits?.(compileConfig({}, bench))).toBeNull();
  expect(killsInARow.fits?.(compileConfig({}, 'worker: {processes: 4}'))).toContain('supervision.intensity');
});
