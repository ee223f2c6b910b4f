import { ManualClock } from '@millrace/core';
import type { Job } from 'bullmq';
import { expect, test } from 'vitest';
import { killed } from '../../../../tests/support/deaths.ts';
import { RunningJobs } from './running-jobs.ts';
import { settle } from './settle.ts';

test.each([
  { why: 'a kill that could not be counted forgives nothing', recorded: null, verdict: '' },
  { why: 'a kill at the limit is poison', recorded: 'poison', verdict: 'p' },
])('$why', async ({ recorded, verdict }) => {
  const clock = new ManualClock();
  const running = new RunningJobs(clock);
  running.taken('1', { start: 1, suspect: true, killed: true, past: undefined });
  running.started('1', { id: '1' } as Job);
  expect(running.verdict('1')).toBe('k');
  const settling = {
    clock,
    giveBack: async () => undefined,
    ends: running.ends.bind(running),
    async recordKill() {
      if (recorded === null) throw new Error('READONLY');
      return recorded;
    },
  };
  await expect(settle(killed(), { id: '1' } as Job, 't', settling)).rejects.toThrow(recorded ?? 'READONLY');
  expect(running.verdict('1')).toBe(verdict);
});
