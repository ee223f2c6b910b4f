import type { Report } from '../lib/report.ts';

/** The report in a Job's log, or in a JSON summary: the last line that is one. Throws when there is none. */
export function reportIn(log: string): Report {
  for (const line of log.split('\n').reverse()) {
    const start = line.indexOf('{"schema":1,');
    if (start < 0) continue;
    try {
      return JSON.parse(line.slice(start)) as Report;
    } catch {
      // A line that was cut off is none.
    }
  }
  throw new Error(
    'There is no report in this: it takes the whole log of a Job that has ended, or a JSON summary.',
  );
}
