import { describe, expect, it } from 'vitest';
import { StockRecord } from './record.ts';

describe('the record of a stock queue', () => {
  it('counts lost jobs, starts beyond the first and commits beyond the first', () => {
    const record = new StockRecord();
    for (const job of ['1', '2', '3']) record.accepted(job, 50);
    for (const job of ['1', '2', '3']) record.active(job, 10);
    record.completed('1', 60, { checksum: 5 });
    record.active('2', 5_000);
    record.completed('2', 5_100, { checksum: 9 });
    record.completed('2', 5_200, { checksum: 9 });
    expect(record.totals()).toEqual({
      accepted: 3,
      done: 2,
      lost: 1,
      duplicateCommits: 1,
      duplicateStarts: 1,
    });
    expect(record.checksum).toBe(5 ^ 9);
    expect([record.startAfter('2', 100), record.startAfter('1', 100)]).toEqual([5_000, null]);
    expect(record.passages()).toContainEqual({ dueMs: 50, doneMs: null });
  });
});
