import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JobTimes, steadyOf, timeToBand, type Window, windowsOf } from './band.ts';

const WINDOW_MS = 100;

/** A job every 10 ms that waits 2 ms and takes 5; those due in the outage wait until it is over. */
function outage(fromMs: number, untilMs: number, lengthMs: number): JobTimes[] {
  return Array.from({ length: lengthMs / 10 }, (_, i) => {
    const dueMs = i * 10;
    const startedMs = Math.max(dueMs + 2, dueMs + 2 >= fromMs && dueMs + 2 < untilMs ? untilMs : 0);
    return { dueMs, startedMs, doneMs: startedMs + 5 };
  });
}

const judge = (jobs: readonly JobTimes[], faultMs: number, lengthMs: number, holdMs = 1_000) => {
  const steady = steadyOf(windowsOf(jobs, 0, faultMs, WINDOW_MS));
  if (steady === null) throw new Error('no steady state');
  const after = windowsOf(jobs, faultMs, lengthMs, WINDOW_MS);
  return timeToBand(after, faultMs, steady, { rate: steady.rate, band: 0.9, holdMs });
};

describe('windowsOf', () => {
  it('loses no job and keeps the backlog', () => {
    const job = fc.record({
      dueMs: fc.nat(5_000),
      wait: fc.option(fc.nat(500)),
      work: fc.option(fc.nat(500)),
    });
    fc.assert(
      fc.property(fc.array(job, { maxLength: 80 }), (drawn) => {
        const jobs = drawn.map(({ dueMs, wait, work }): JobTimes => {
          const startedMs = wait === null ? null : dueMs + wait;
          return { dueMs, startedMs, doneMs: startedMs === null || work === null ? null : startedMs + work };
        });
        const windows = windowsOf(jobs, 0, 7_000, WINDOW_MS);
        const done = windows.reduce((sum, { rate }) => sum + (rate * WINDOW_MS) / 1_000, 0);
        expect(Math.round(done)).toBe(jobs.filter(({ doneMs }) => doneMs !== null).length);
        expect(windows.at(-1)?.backlog).toBe(jobs.filter(({ startedMs }) => startedMs === null).length);
      }),
    );
  });

  it('counts what waited already when its first window begins', () => {
    const [first] = windowsOf([{ dueMs: 10, startedMs: 950, doneMs: 960 }], 500, 700, WINDOW_MS);
    expect(first).toMatchObject({ startMs: 500, endMs: 600, backlog: 1, rate: 0, waitP99Ms: null });
  });
});

describe('timeToBand', () => {
  it('is none for a run that nothing happened to', () => {
    expect(judge(outage(0, 0, 20_000), 6_000, 20_000)).toEqual({ throughput: 0, whole: 0 });
  });

  it('is the length of an outage, for the rate and for the whole', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 40 }), (windows) => {
        const untilMs = 6_000 + windows * WINDOW_MS;
        const { throughput, whole } = judge(outage(6_000, untilMs, 20_000), 6_000, 20_000);
        expect(throughput).toBeGreaterThanOrEqual(windows * WINDOW_MS - WINDOW_MS);
        expect(throughput).toBeLessThanOrEqual(windows * WINDOW_MS + WINDOW_MS);
        // The burst that follows is fast enough, and its jobs still waited too long.
        expect(whole).toBeGreaterThanOrEqual(throughput as number);
      }),
    );
  });

  it('asks for the whole stretch: a burst is no recovery', () => {
    const window = (startMs: number, rate: number): Window => ({
      ...{ startMs, endMs: startMs + 100, rate },
      ...{ backlog: 0, waitP99Ms: 1 },
    });
    const windows = [window(0, 10), window(100, 200), window(200, 10), window(300, 100), window(400, 100)];
    const steady = { rate: 100, backlogP95: 1, waitP99Ms: 2 };
    const at = (holdMs: number) =>
      timeToBand(windows, 0, steady, { rate: 100, band: 0.9, holdMs }).throughput;
    expect([at(100), at(200), at(300)]).toEqual([100, 300, null]);
  });

  it('of a run that ends before it holds is null', () => {
    expect(judge(outage(6_000, 19_000, 20_000), 6_000, 19_500)).toEqual({ throughput: null, whole: null });
  });
});
