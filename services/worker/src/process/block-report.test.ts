import { type Log, ManualClock, silentLog } from '@millrace/core';
import { expect, test, vi } from 'vitest';
import { createBlockReport } from './block-report.ts';

const BEAT_MS = 250;
const job = (id: string) => ({ id, queue: 'q', name: 'job', attempt: 1, fence: 1 });

function setup() {
  const clock = new ManualClock();
  const warn = vi.fn();
  const log: Log = { ...silentLog, warn };
  let cpuMs = 0;
  const report = createBlockReport({ beatMs: BEAT_MS, clock, log, cpuMs: () => cpuMs });
  const tickAfter = (ms: number, computedMs = 0) => {
    clock.advance(ms);
    cpuMs += computedMs;
    report.tick();
  };
  return { report, warn, tickAfter };
}

test('a block is reported with those it may have been, the one that ended with it included', () => {
  const { report, warn, tickAfter } = setup();
  const [early, culprit, other] = [job('early'), job('culprit'), job('other')];
  report.began(early);
  report.ended(early);
  tickAfter(BEAT_MS);
  report.began(culprit);
  report.began(other);
  report.ended(culprit);
  tickAfter(BEAT_MS + 1_500, 1_400);
  expect(warn).toHaveBeenCalledTimes(1);
  expect(warn.mock.lastCall?.[0]).toEqual({
    blockedMs: 1_500,
    computedMs: 1_400,
    candidates: ['q/job (job culprit)', 'q/job (job other)'],
    unreported: 0,
  });
});

test('less than a second, or with no handler about, is no news', () => {
  const { report, warn, tickAfter } = setup();
  tickAfter(BEAT_MS + 5_000);
  report.began(job('1'));
  tickAfter(BEAT_MS + 900);
  expect(warn).not.toHaveBeenCalled();
});

test('one report a minute tells of those that were left out', () => {
  const { report, warn, tickAfter } = setup();
  report.began(job('1'));
  for (let blocks = 0; blocks < 3; blocks++) tickAfter(BEAT_MS + 2_000);
  expect(warn).toHaveBeenCalledTimes(1);
  tickAfter(BEAT_MS + 60_000);
  expect(warn).toHaveBeenCalledTimes(2);
  expect(warn.mock.lastCall?.[0]).toMatchObject({ unreported: 2 });
});
