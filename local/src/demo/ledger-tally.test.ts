import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CountedEntry, LedgerTally } from './ledger-tally.ts';

const entry = (
  job: string,
  outcome: CountedEntry['outcome'],
  start: number,
  value = 'why',
): CountedEntry => ({
  id: job,
  outcome,
  start,
  value,
  // A job "5" or "5-again" of ours carries id 5.
  data: job.startsWith('other') ? 'theirs' : String(Number.parseInt(job, 10)),
});
const done = (job: string, checksum: number, start = 1) =>
  entry(job, 'completed', start, JSON.stringify({ checksum }));

function totalsOf(jobs: number, entries: readonly CountedEntry[]) {
  const tally = new LedgerTally(jobs, (data) => (data === 'theirs' ? null : Number(data)));
  for (const each of entries) tally.add(each);
  return tally.totals();
}

describe('ledger tally', () => {
  it('XORs the checksum of each id once', () => {
    expect(totalsOf(2, [done('0', 0x80000001), done('1', 3)])).toEqual({
      jobs: 2,
      done: 2,
      lost: 0,
      duplicateCommits: 0,
      duplicateStarts: 0,
      returned: 0,
      failed: 0,
      checksum: 0x80000002,
      foreign: 0,
    });
  });

  it('calls an id that was never completed lost', () => {
    const totals = totalsOf(3, [done('0', 1), entry('1', 'failed', 1)]);
    expect(totals).toMatchObject({ done: 1, lost: 2, failed: 1 });
  });

  it('counts a second completion of a job, and its checksum once', () => {
    const totals = totalsOf(1, [done('0', 5), done('0', 5, 2)]);
    expect(totals).toMatchObject({ done: 1, duplicateCommits: 1, checksum: 5 });
  });

  it('counts one id that was added as two jobs', () => {
    const totals = totalsOf(1, [done('0', 5), done('0-again', 5)]);
    expect(totals).toMatchObject({ done: 1, lost: 0, duplicateCommits: 1, checksum: 5 });
  });

  it('counts a killed job as returned and its next take as a duplicate start', () => {
    const totals = totalsOf(1, [entry('0', 'killed', 1), done('0', 5, 2)]);
    expect(totals).toMatchObject({ returned: 1, duplicateStarts: 1, duplicateCommits: 0 });
  });

  it('counts takes that left no entry of their own', () => {
    // Taken three times, twice by starts that never learned of it.
    expect(totalsOf(1, [done('0', 5, 3)]).duplicateStarts).toBe(2);
  });

  it('forgives the take that follows an ordinary retry', () => {
    const totals = totalsOf(1, [entry('0', 'retried', 1), done('0', 5, 2)]);
    expect(totals).toMatchObject({ duplicateStarts: 0, returned: 0 });
  });

  it('sees a job that was retried, killed, handed back and done', () => {
    const history = [
      entry('0', 'retried', 1),
      entry('0', 'killed', 2),
      entry('0', 'returned', 3),
      done('0', 5, 4),
    ];
    expect(totalsOf(1, history)).toMatchObject({ duplicateStarts: 2, returned: 2, done: 1 });
  });

  it('leaves the jobs of others out', () => {
    const totals = totalsOf(1, [done('0', 5), done('other', 9), entry('other-2', 'killed', 1)]);
    expect(totals).toMatchObject({ checksum: 5, returned: 0, foreign: 1, duplicateCommits: 0 });
  });

  it('takes a result that is no checksum as 0, so that the run checksum is wrong', () => {
    expect(totalsOf(1, [entry('0', 'completed', 1, 'not JSON')])).toMatchObject({ done: 1, checksum: 0 });
  });

  it('comes to the same whatever the order of the entries', () => {
    const history = [
      entry('0', 'killed', 1),
      done('0', 5, 2),
      done('1', 6),
      done('1', 6, 2),
      done('other', 1),
    ];
    const expected = totalsOf(2, history);
    const anyOrder = fc.shuffledSubarray(history, { minLength: history.length });
    fc.assert(
      fc.property(anyOrder, (order) => {
        expect(totalsOf(2, order)).toEqual(expected);
      }),
    );
  });
});
