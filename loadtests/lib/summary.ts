import { type K6Data, reportOf } from './report.ts';
import type { Settings } from './settings.ts';
import { summaryJunit } from './summary-junit.ts';
import { summaryPage } from './summary-page.ts';
import { summaryText } from './summary-text.ts';

/** k6's handleSummary: what goes where. Files are written into a folder that is there already. */
export function summarize(data: unknown, settings: Settings): Record<string, string> {
  const report = reportOf(data as K6Data, settings);
  const json = JSON.stringify(report);
  const { out, profile } = settings;
  if (out === '-') return { stdout: `${summaryText(report)}\n${json}\n` };
  const file = (kind: string) => `${out}/millrace-load-${profile}.${kind}`;
  return {
    stdout: `${summaryText(report)}\n  ${file('html')}\n`,
    [file('json')]: json,
    [file('xml')]: summaryJunit(report),
    [file('html')]: summaryPage(report),
  };
}
