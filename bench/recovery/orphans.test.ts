import { describe, expect, it } from 'vitest';
import type { Ended } from './book.ts';
import { busySlotMs, slotTurnMs } from './busy-slots.ts';
import { lastOrphanMs, lossAreas, orphansByWorker, unseenOrphans, unseenStarts } from './orphans.ts';

const ended = (
  job: string,
  outcome: Ended['outcome'],
  worker: string,
  startedMs: number,
  doneMs: number,
  start = 1,
  takenMs = startedMs,
): Ended => ({
  ...{ job, outcome, worker, start },
  ...{ takenMs, startedMs, doneMs },
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

  it('are endless when nobody starts them again', () => {
    expect(lastOrphanMs(95, orphansByWorker([ended('1', 'killed', 'a', 10, 100)]).get('a'))).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  it('are what the dead worker held, also when the ledger knows nothing of it', () => {
    const told = [
      ended('1', 'killed', 'a', 10, 100),
      ended('2', 'completed', 'a', 20, 96),
      ended('1', 'completed', 'b', 120, 130, 2),
      // Given back by somebody who did not say so, half a minute later.
      ended('3', 'completed', 'b', 30_000, 30_100, 2),
    ];
    const unseen = unseenOrphans(told, { worker: 'a', atMs: 95, held: ['1', '2', '3'] });
    expect(unseen.map(({ job }) => job)).toEqual(['3']);
    expect(lastOrphanMs(95, unseen)).toBe(Number.POSITIVE_INFINITY);
    expect(unseenStarts(told)).toBe(1);
  });
});

describe('lossAreas', () => {
  const doneAt = (doneMs: number) => ({
    ...{ job: '1', worker: 'b', returnedMs: 1_010, takenMs: 1_090, startedMs: 1_100, doneMs },
  });

  it('are job-seconds over what is normal, in seconds of the offered load', () => {
    const orphan = doneAt(1_500);
    const part = { fromMs: 0, steadyUntilMs: 1_000, untilMs: 5_000, rate: 2 };
    const passages = [{ dueMs: 1_200, doneMs: 1_500 }];
    expect(lossAreas(part, passages, [{ atMs: 1_000, orphans: [orphan] }])).toEqual([0.15]);
    expect(lossAreas(part, passages, [{ atMs: 1_000, orphans: [] }])).toEqual([]);
  });

  it('end at the next fault', () => {
    const orphan = doneAt(3_000);
    const part = { fromMs: 0, steadyUntilMs: 1_000, untilMs: 5_000, rate: 1 };
    const faults = [
      { atMs: 1_000, orphans: [orphan] },
      { atMs: 2_000, orphans: [] },
    ];
    expect(lossAreas(part, [{ dueMs: 1_000, doneMs: 3_000 }], faults)).toEqual([1]);
  });
});

describe('busySlotMs', () => {
  const full = [
    ended('x', 'completed', 'b', 0, 200),
    ended('y', 'completed', 'b', 0, 250),
    ended('z', 'completed', 'c', 0, 400),
    ended('w', 'completed', 'c', 0, 410),
  ];
  const orphan = (job: string, returnedMs: number, startedMs: number) => ({
    ...{ job, returnedMs, takenMs: startedMs, startedMs },
    ...{ worker: 'b', doneMs: startedMs + 90 },
  });
  const waits = (ran: readonly Ended[], ...orphans: ReturnType<typeof orphan>[]) =>
    busySlotMs(ran, { victim: 'a', orphans }, 2);

  it('counts from the moment a worker had a slot', () => {
    expect(waits([...full, ended('1', 'completed', 'b', 204, 300)], orphan('1', 120, 204))).toEqual([4]);
  });

  it('counts from the orphan’s return when a slot was free before', () => {
    expect(waits([...full, ended('1', 'completed', 'b', 247, 300)], orphan('1', 240, 247))).toEqual([7]);
  });

  it('charges an orphan with the jobs that overtook it, in whatever worker', () => {
    const overtaken = [
      ...full,
      ended('fresh', 'completed', 'b', 203, 280),
      ended('1', 'completed', 'c', 402, 460),
    ];
    expect(waits(overtaken, orphan('1', 120, 402))).toEqual([202]);
  });

  it('counts no slot whose next job the store had handed out before the orphan came back', () => {
    const free = [...full.slice(1), ended('before', 'completed', 'b', 60, 110)];
    expect(waits([...free, ended('1', 'completed', 'b', 254, 300)], orphan('1', 120, 254))).toEqual([134]);
    const inTurn = [...free, ended('next', 'completed', 'b', 124, 251, 1, 119)];
    expect(waits([...inTurn, ended('1', 'completed', 'b', 254, 300)], orphan('1', 120, 254))).toEqual([4]);
  });

  it('gives each orphan a slot of its own', () => {
    const all = [...full, ended('1', 'completed', 'b', 204, 300), ended('2', 'completed', 'b', 255, 300)];
    expect(waits(all, orphan('1', 120, 204), orphan('2', 120, 255))).toEqual([4, 5]);
  });

  it('counts the slots of a worker that joins, and none of a dead one', () => {
    const joined = [
      ended('o', 'killed', 'a', 0, 120),
      ended('p', 'killed', 'long dead', 0, 60),
      ...full,
      ended('f', 'completed', 'd', 150, 500),
      ended('1', 'completed', 'd', 158, 500),
    ];
    expect(waits(joined, orphan('1', 120, 158))).toEqual([8]);
  });

  it('is endless for an orphan that never started', () => {
    expect(waits(full, orphan('1', 120, Number.POSITIVE_INFINITY))).toEqual([Number.POSITIVE_INFINITY]);
  });
});

describe('slotTurnMs', () => {
  it('is what any job of a full worker waits for the one before it', () => {
    const ran = [
      ended('x', 'completed', 'b', 0, 200),
      ended('y', 'completed', 'b', 0, 250),
      ended('1', 'completed', 'b', 206, 300),
      ended('2', 'completed', 'b', 253, 300),
    ];
    expect(slotTurnMs(ran, 2)).toEqual([6, 3]);
  });
});
