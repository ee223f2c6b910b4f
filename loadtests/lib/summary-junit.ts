import type { Report } from './report.ts';
import { escaped, numberText } from './words.ts';

/** The verdict as JUnit's XML: a test case for each judgement. */
export function summaryJunit({ test, tookMs, verdict, startedAt }: Report): string {
  const failures = verdict.filter(({ ok }) => !ok).length;
  const suite = `millrace.loadtest.${test}`;
  const cases = verdict.map(({ metric, expression, value, ok, meaning }) => {
    const name = escaped(`${metric} ${expression}: ${meaning}`);
    const open = `    <testcase classname="${suite}" name="${name}" time="0"`;
    if (ok) return `${open}/>`;
    const message = escaped(`${metric} ${expression} does not hold: ${numberText(value)}`);
    return `${open}>\n      <failure message="${message}"/>\n    </testcase>`;
  });
  const properties = startedAt
    ? `    <properties><property name="startedAt" value="${escaped(startedAt)}"/></properties>\n`
    : '';
  const time = (tookMs / 1000).toFixed(3);
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="${verdict.length}" failures="${failures}" time="${time}">
  <testsuite name="${suite}" tests="${verdict.length}" failures="${failures}" errors="0" time="${time}">
${properties}${cases.join('\n')}
  </testsuite>
</testsuites>
`;
}
