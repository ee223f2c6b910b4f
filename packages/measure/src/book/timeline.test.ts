import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { windowsOf } from '../figures/band.ts';
import { meanLevel } from '../figures/loss-area.ts';
import { BandWindows } from '../summary/band-windows.ts';
import { type JobEntry, Timeline } from './timeline.ts';

const job = fc.record({ due: fc.nat(3_000_000), wait: fc.nat(400_000), work: fc.nat(300_000) }).map(
  ({ due, wait, work }): JobEntry => ({
    ...{ scheduledUs: due, startedUs: due + wait, doneUs: due + wait + work },
    weight: 1,
  }),
);
const jobs = fc.array(job, { minLength: 1, maxLength: 60 });

function timelineOf(entries: readonly JobEntry[], windowMs = 100): Timeline {
  const timeline = new Timeline(windowMs * 1_000);
  for (const entry of entries) timeline.add(entry);
  return timeline;
}

const inMs = (entries: readonly JobEntry[]) =>
  entries.map(({ scheduledUs, startedUs, doneUs }) => ({
    ...{ dueMs: scheduledUs / 1_000, startedMs: startedUs / 1_000, doneMs: doneUs / 1_000 },
  }));

describe('Timeline', () => {
  it('has the loss area of the jobs themselves, however wide its bins', () => {
    fc.assert(
      fc.property(jobs, fc.integer({ min: 1, max: 500 }), (entries, windowMs) => {
        const timeline = timelineOf(entries, windowMs);
        const area = timeline.areas().reduce((sum, one) => sum + one, 0) / 1_000;
        const endMs = timeline.endUs / 1_000;
        expect(area).toBeCloseTo(meanLevel(inMs(entries), 0, endMs) * endMs, 3);
      }),
    );
  });

  it('shows the windows that the jobs themselves show, waits within 2 %', () => {
    fc.assert(
      fc.property(jobs, (entries) => {
        const exact = windowsOf(inMs(entries), 0, 4_000, 100);
        const told = new BandWindows(timelineOf(entries), 100).between(0, 4_000);
        told.forEach((window, i) => {
          expect(window).toMatchObject({ startMs: exact[i]?.startMs, rate: exact[i]?.rate });
          expect(window.backlog).toBe(exact[i]?.backlog);
          const [ours, theirs] = [window.waitP99Ms, exact[i]?.waitP99Ms ?? null];
          expect(ours === null).toBe(theirs === null);
          if (ours !== null && theirs !== null && theirs > 0.1)
            expect(Math.abs(ours / theirs - 1)).toBeLessThan(0.02);
        });
      }),
    );
  });

  it('stays as large as it is when a run gets long, and loses nothing', () => {
    const timeline = new Timeline(100_000);
    const at = (minutes: number) => minutes * 60 * 1e6;
    for (let minute = 0; minute < 600; minute++) {
      const scheduledUs = at(minute);
      timeline.add({ scheduledUs, startedUs: scheduledUs + 5_000, doneUs: scheduledUs + 30_000, weight: 2 });
    }
    const bins = Math.ceil(timeline.endUs / timeline.binUs);
    expect(bins).toBeLessThanOrEqual(1 << 15);
    expect(timeline.sums(0, bins)).toEqual({ due: 1_200, started: 1_200, done: 1_200 });
    const area = timeline.areas().reduce((sum, one) => sum + one, 0);
    expect(area).toBeCloseTo(600 * 2 * 30_000, 0);
    expect([...timeline.waitsByBin().values()].flat()).toHaveLength(600);
  });
});
