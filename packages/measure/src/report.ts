import type { RunBook } from './book/run-book.ts';
import { diagnose } from './diagnosis/diagnose.ts';
import { agreementOf } from './summary/agreement.ts';
import { expectedChecksum } from './summary/expected.ts';
import type { RunReport, RunSummary } from './summary/run-summary.ts';
import { type SummarySettings, summarize } from './summary/summarize.ts';

/** What a diagnosis reads: the most exact source, and what only the others tell. */
function joined([first, ...others]: readonly [RunSummary, ...RunSummary[]]): RunSummary {
  const calls = [first, ...others].find((one) => one.calls.length > 0)?.calls ?? [];
  const recoveries = [first, ...others].find((one) => one.recoveries.length > 0)?.recoveries ?? [];
  return { ...first, calls, recoveries };
}

/** All that can be said of one run; `books` are its sources, the most exact first. */
export function reportOn(books: readonly [RunBook, ...RunBook[]], settings: SummarySettings): RunReport {
  const [first, ...rest] = books;
  const expected = expectedChecksum(first.run);
  const sources = [
    summarize(first, settings, expected),
    ...rest.map((book) => summarize(book, settings)),
  ] as const;
  return {
    ...{ runId: sources[0].runId, name: first.name, sources },
    agreement: sources.slice(1).flatMap((other) => agreementOf(sources[0], other)),
    ...diagnose(joined(sources)),
  };
}
