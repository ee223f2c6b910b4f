import { describe, expect, it } from 'vitest';
import { blankDeath } from '../book/death-book.ts';
import { Timeline } from '../book/timeline.ts';
import { lossArea, meanLevel } from '../figures/loss-area.ts';
import { recoveriesOf } from './recoveries.ts';

const SETTINGS = { band: 0.9, holdMs: 1_000, windowMs: 100, offered: null };

/** A job every ms that takes 5; those due in an outage wait until it is over. */
function outages(seconds: number, ...stretches: readonly (readonly [fromMs: number, untilMs: number])[]) {
  return Array.from({ length: seconds * 1_000 }, (_, dueMs) => {
    const outage = stretches.find(([fromMs, untilMs]) => dueMs >= fromMs && dueMs < untilMs);
    const startedMs = outage?.[1] ?? dueMs;
    return { dueMs, startedMs, doneMs: startedMs + 5 };
  });
}

function recoveries(
  jobs: ReturnType<typeof outages>,
  atMs: readonly number[],
  offered: number | null = null,
) {
  const timeline = new Timeline(100_000);
  for (const { dueMs, startedMs, doneMs } of jobs) {
    const [scheduledUs, startedUs, doneUs] = [dueMs * 1_000, startedMs * 1_000, doneMs * 1_000];
    timeline.add({ scheduledUs, startedUs, doneUs, weight: 1 });
  }
  const deaths = atMs.map((ms, i) => ({
    ...blankDeath(`w${i}`, ms * 1_000),
    lastRestartUs: ms * 1_000 + 40_000,
  }));
  return recoveriesOf(deaths, timeline, { ...SETTINGS, offered });
}

describe('a recovery', () => {
  it('has the loss area beyond what was normal, and the time to band', () => {
    const jobs = outages(20, [8_000, 8_600]);
    const [one] = recoveries(jobs, [8_000]);
    const steady = meanLevel(jobs, 3_000, 8_000);
    expect(one?.lossArea).toBeCloseTo(lossArea(jobs, { fromMs: 8_000, untilMs: 20_000, steady }), 1);
    expect(one?.lossArea).toBeCloseTo(180, 0);
    expect(one).toMatchObject({ lastOrphanMs: 40, band: { throughputMs: 600, baseline: 1_000 } });
    expect(one?.band?.wholeMs).toBeGreaterThanOrEqual(600);
  });

  it('is not there where the rate does not come back, and is held to the offered rate in an open loop', () => {
    const [never] = recoveries(outages(10, [8_000, 9_900]), [8_000]);
    expect(never?.band).toMatchObject({ throughputMs: null, wholeMs: null });
    const [beyond] = recoveries(outages(20, [8_000, 8_600]), [8_000], 5_000);
    expect(beyond?.band?.throughputMs).toBeNull();
  });

  it('has no band after less than five seconds in peace, and its loss ends with the next death', () => {
    const jobs = outages(20, [2_000, 2_400], [9_000, 9_400]);
    const [first, second, third] = recoveries(jobs, [2_000, 9_000, 10_700]);
    expect([first?.band, third?.band]).toEqual([null, null]);
    expect(second?.band?.throughputMs).toBe(400);
    for (const one of [first, second]) expect(one?.lossArea).toBeCloseTo(80, 0);
    expect(third?.lossArea).toBeLessThan(1);
  });
});
