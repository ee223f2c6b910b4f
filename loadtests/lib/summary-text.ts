import { KINDS, type Report, type Times } from './report.ts';
import { msText, numberText } from './words.ts';

const NAME_WIDTH = 10;
const TIME_WIDTH = 10;

function timesLine(name: string, times: Times | null): string {
  if (times === null) return '';
  const { count, p50, p90, p95, p99, max } = times;
  const columns = [p50, p90, p95, p99, max].map((ms) => msText(ms).padStart(TIME_WIDTH));
  return `  ${name.padEnd(NAME_WIDTH)}${numberText(count).padStart(TIME_WIDTH)}${columns.join('')}`;
}

const HEAD = `  ${''.padEnd(NAME_WIDTH)}${['jobs', 'p50', 'p90', 'p95', 'p99', 'max']
  .map((word) => word.padStart(TIME_WIDTH))
  .join('')}`;

/** Counts that say nothing when they are 0 are left out. */
function countsLine({ counts, tookMs, settings }: Report): string {
  const always = ['accepted', 'ended'];
  const told = ['accepted', 'ended', 'refused', 'failed', 'vanished', 'kills', 'droppedIterations']
    .filter((name) => always.includes(name) || (counts[name] ?? 0) > 0)
    .map(
      (name) =>
        `${numberText(counts[name] ?? 0)} ${name === 'droppedIterations' ? 'iterations dropped' : name}`,
    );
  return `  ${told.join(', ')}; ${settings.rate} jobs/s × ${settings.durationS} s, took ${msText(tookMs)}`;
}

/** The summary for a terminal. */
export function summaryText(report: Report): string {
  const rows = KINDS.map((kind) => timesLine(kind, report.times[kind])).filter((line) => line !== '');
  const ways = report.scenarios
    .map(({ name, times }) => timesLine(name, times.total))
    .filter((line) => line !== '');
  const verdict = report.verdict.map(
    ({ ok, metric, expression, value, meaning }) =>
      `  ${ok ? '✓' : '✗'} ${meaning}  (${metric} ${expression}${ok ? '' : `: ${numberText(value)}`})`,
  );
  return [
    '',
    `${report.passed ? 'PASSED' : 'FAILED'}  ${report.test}  ${report.settings.url}`,
    countsLine(report),
    ...(rows.length > 0 ? ['', HEAD, ...rows] : []),
    ...(ways.length > 0 ? ['', '  total, by the way they were added', ...ways] : []),
    '',
    ...verdict,
    '',
  ].join('\n');
}
