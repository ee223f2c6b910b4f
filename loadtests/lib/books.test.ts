import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Books, type LedgerEntry } from './books.ts';
import { markOf, markText } from './mark.ts';

const RUN = 'load-1234';
const data = (place: string, run = RUN) =>
  JSON.stringify({ seed: 42, id: 1, payload: markText({ run, place }, 64) });
const entry = (place: string, over: Partial<LedgerEntry> = {}): LedgerEntry => ({
  id: `id-${place}`,
  outcome: 'completed',
  data: data(place),
  ...over,
});

describe('the mark', () => {
  test.each([0, 20, 128])('is found again in a filler of %i bytes', (bytes) => {
    const mark = { run: RUN, place: 'bulk/17/3' };
    expect(markText(mark, bytes).length).toBeGreaterThanOrEqual(bytes);
    expect(markOf(JSON.stringify({ payload: markText(mark, bytes) }))).toEqual(mark);
  });

  test.each(['', 'nonsense', '{}', 'null', '{"payload":7}', '{"payload":"xxxx"}', '{"payload":"load/a/b"}'])(
    'of somebody else’s job (%s) there is none',
    (text) => expect(markOf(text)).toBeNull(),
  );
});

describe('the books', () => {
  test('count each end once, however the ledger is cut into pages', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 30 })), fc.integer({ min: 1, max: 9 }), (ends, size) => {
        const books = new Books(RUN);
        let ended = 0;
        let duplicates = 0;
        for (let at = 0; at < ends.length; at += size) {
          const page = books.enter(ends.slice(at, at + size).map((place) => entry(`single/${place}/0`)));
          ended += page.ended;
          duplicates += page.duplicates;
        }
        expect(ended).toBe(new Set(ends).size);
        expect(ended + duplicates).toBe(ends.length);
      }),
    );
  });

  test('see a second end under another id, and tell of both', () => {
    const books = new Books(RUN);
    const { duplicates, told } = books.enter([
      entry('single/1/0', { id: '7' }),
      entry('single/1/0', { id: '9' }),
    ]);
    expect({ duplicates, told }).toEqual({
      duplicates: 1,
      told: ['single/1/0 ended twice: as job 7 and as job 9'],
    });
  });

  test.each(['retried', 'returned', 'killed'])('take "%s" for no end', (outcome) => {
    expect(new Books(RUN).enter([entry('single/1/0', { outcome })]).ended).toBe(0);
  });

  test('leave out what is not of this run', () => {
    const others = [
      entry('single/1/0', { data: data('single/1/0', 'load-9999') }),
      entry('x', { data: '{}' }),
    ];
    expect(new Books(RUN).enter(others)).toEqual({ ended: 0, duplicates: 0, told: [] });
  });
});
