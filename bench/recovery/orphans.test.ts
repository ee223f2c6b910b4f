import { describe, expect, it } from 'vitest';
import type { Ended } from './book.ts';
import { busySlotMs } from './busy-slots.ts';
import { lastOrphanMs, lossAreas, orphansByWorker } from './orphans.ts';

const ended = (
  job: string,
  outcome: Ended['outcome'],
  worker: string,
  startedMs: number,
  doneMs: number,
): Ended => ({
  ...{ job, outcome, worker },
  ...{ startedMs, doneMs },
});

describe('orphans', () => {
  it('are followed to their next start, also when that is killed too', () => {
    const found = orphansByWorker([
      ended('1', 'killed', 'a', 10, 100),
      ended('2', 'killed', 'a', 20, 100),
      ended('3', 'completed', 'b', 5, 110),
      ended('1', 'killed', 'b', 120, 300),
      ended('2', 'completed', 'c', 115, 310),
      ended('1', 'completed', 'c', 330, 400),
    ]);
    expect(found.get('a')?.map(({ job, startedMs }) => [job, startedMs])).toEqual([
      ['1', 120],
      ['2', 115],
    ]);
    expect(lastOrphanMs(95, found.get('a'))).toBe(25);
    expect(lastOrphanMs(290, found.get('b'))).toBe(40);
    expect(lastOrphanMs(290, found.get('c'))).toBeNull();
  });
});

describe('lossAreas', () => {
  it('are job-seconds over what is normal, in seconds of the offered load', () => {
    const orphan = { job: '1', returnedMs: 1_010, startedMs: 1_100, worker: 'b', doneMs: 1_500 };
    const part = { fromMs: 0, steadyUntilMs: 1_000, untilMs: 5_000, rate: 2 };
    const passages = [{ dueMs: 1_200, doneMs: 1_500 }];
    expect(lossAreas(part, passages, [{ atMs: 1_000, orphans: [orphan] }])).toEqual([0.15]);
    expect(lossAreas(part, passages, [{ atMs: 1_000, orphans: [] }])).toEqual([]);
  });

  it('end at the next fault', () => {
    const orphan = { job: '1', returnedMs: 1_010, startedMs: 1_100, worker: 'b', doneMs: 3_000 };
    const part = { fromMs: 0, steadyUntilMs: 1_000, untilMs: 5_000, rate: 1 };
    const faults = [
      { atMs: 1_000, orphans: [orphan] },
      { atMs: 2_000, orphans: [] },
    ];
    expect(lossAreas(part, [{ dueMs: 1_000, doneMs: 3_000 }], faults)).toEqual([1]);
  });
});

describe('busySlotMs', () => {
  const full = [ended('x', 'completed', 'b', 0, 200), ended('y', 'completed', 'b', 0, 250)];

  it('counts from the moment the worker had a slot', () => {
    const orphan = { job: '1', returnedMs: 120, startedMs: 204, worker: 'b', doneMs: 300 };
    const all = [...full, ended('1', 'completed', 'b', 204, 300)];
    expect(busySlotMs(all, [orphan], 2)).toEqual([4]);
  });

  it('counts from the orphan’s return when a slot was free before', () => {
    const orphan = { job: '1', returnedMs: 240, startedMs: 247, worker: 'b', doneMs: 300 };
    const all = [...full, ended('1', 'completed', 'b', 247, 300)];
    expect(busySlotMs(all, [orphan], 2)).toEqual([7]);
  });
});
