import type { RunBook } from './book/run-book.ts';
import { diagnose } from './diagnosis/diagnose.ts';
import { agreementOf } from './summary/agreement.ts';
import { expectedChecksum } from './summary/expected.ts';
import { joinedCalls, joinedRecoveries } from './summary/joined.ts';
import type { RunReport } from './summary/run-summary.ts';
import { type SummarySettings, summarize } from './summary/summarize.ts';

/** All that can be said of one run; `books` are its sources, the most exact first. */
export function reportOn(books: readonly [RunBook, ...RunBook[]], settings: SummarySettings): RunReport {
  const [first, ...rest] = books;
  const expected = expectedChecksum(first.run);
  const sources = [
    summarize(first, settings, expected),
    ...rest.map((book) => summarize(book, settings)),
  ] as const;
  // What a diagnosis reads too: the most exact source, and what only the others tell.
  const joined = { recoveries: joinedRecoveries(sources), calls: joinedCalls(sources) };
  return {
    ...joined,
    ...{ runId: sources[0].runId, name: first.name, sources },
    agreement: sources.slice(1).flatMap((other) => agreementOf(sources[0], other)),
    ...diagnose({ ...sources[0], ...joined }),
  };
}
