import type { RunBook } from './book/run-book.ts';
import { diagnose } from './diagnosis/diagnose.ts';
import { expectedChecksum } from './summary/expected.ts';
import type { RunReport } from './summary/run-summary.ts';
import { type SummarySettings, summarize } from './summary/summarize.ts';

/** All that can be said of one run. */
export function reportOn(book: RunBook, settings: SummarySettings): RunReport {
  const summary = summarize(book, settings, expectedChecksum(book.run));
  return { ...summary, ...diagnose(summary) };
}
