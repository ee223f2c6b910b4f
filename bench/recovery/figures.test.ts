import type { Recovery } from '@millrace/core';
import { describe, expect, it } from 'vitest';
import { Book } from './book.ts';
import { ourFigures } from './figures.ts';
import { unseenFaults } from './gates.ts';

const part = { fromMs: 0, steadyUntilMs: 0, untilMs: 60_000, rate: 1, faults: [] };

/** One kill at 1,000 ms of a worker that held job `7`, which another one ended 40 s later. */
function oneKill(held: readonly string[], reclaimTold: boolean) {
  const book = new Book('run', 1);
  const data = JSON.stringify(book.data.of(book.offer(900)));
  const entry = { id: '7', name: 'workload', attempt: 1, enqueuedUs: 900_000, value: '{}', data };
  if (reclaimTold) {
    const killed = {
      outcome: 'killed',
      worker: 'a',
      start: 1,
      takenMs: 950,
      startedUs: 950_000,
      doneUs: 1_010_000,
    } as const;
    book.record({ ...entry, ...killed });
  }
  const again = { worker: 'b', start: 2, takenMs: 40_000, startedUs: 40_000_000, doneUs: 40_100_000 };
  book.record({ ...entry, outcome: 'completed', ...again });
  const idle = [{ ...part, faults: [{ worker: 'a', pid: 1, atMs: 1_000, held }] }];
  const recoveries: readonly Recovery[] = [];
  return ourFigures({ idle, busy: part, frozen: part, hangLimitMs: 5_000, book, recoveries });
}

describe('a kill whose jobs the ledger does not tell of', () => {
  it('is endless and voids the run: it did not hold nothing', () => {
    const figures = oneKill(['7'], false);
    expect(figures.lastOrphanEach).toEqual([Number.POSITIVE_INFINITY]);
    expect(figures).toMatchObject({ killsThatHeldNothing: 0, orphans: 1 });
    expect(figures.lossSeconds).toBeGreaterThan(10);
    expect(unseenFaults(figures)).toEqual([
      '1 starts ended unseen by the ledger: the run is void',
      '1 orphans were not seen to start again: the run is void',
      '1 faults have no record of their recovery: the run is void',
    ]);
  });

  it('counts with all its time when the ledger tells of it, and only then', () => {
    const figures = oneKill(['7'], true);
    expect(figures.lastOrphanEach).toEqual([39_000]);
    expect(figures.unseen).toEqual({ starts: 0, orphans: 0, recoveries: 1 });
  });
});
