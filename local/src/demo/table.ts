import type { Kill } from './recovery-times.ts';
import type { DemoReport } from './verdict.ts';

const number = (value: number) => value.toLocaleString('en-US');
const mib = (value: number | null) => (value === null ? '–' : `${Math.round(value / 2 ** 20)} MiB`);
const ms = (value: number | null) => (value === null ? '–' : `${value} ms`);

/** Rows as columns of equal width. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (most, row) => row.map((cell, i) => Math.max(most[i] ?? 0, cell.length)),
    [],
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return rows.map((row) => `  ${line(row)}\n`).join('');
}

/** What a run came to, in a few lines. */
export function demoTable(
  report: DemoReport,
  kills: readonly Kill[],
  more: {
    readonly runMs: number;
    readonly bound: number;
    readonly foreign: number;
    readonly faults: readonly string[];
  },
): string {
  const facts = columns([
    [
      'jobs',
      `${number(report.jobs - report.lost)} of ${number(report.jobs)} done in ${(more.runMs / 1000).toFixed(1)} s, ${number(report.throughput)} a second`,
    ],
    ['checksum', String(report.checksum)],
    ['lost', String(report.lost)],
    ['committed twice', String(report.duplicateCommits)],
    ['started again', `${report.duplicateStarts} (${report.returned} given back)`],
    ['deepest queue', `${report.maxDepth} of ${more.bound}`],
    ['failed attempts', String(report.errors ?? '–')],
    ['due to done', `p50 ${ms(report.p50)}, p95 ${ms(report.p95)}, p99 ${ms(report.p99)}`],
    [
      'workers’ memory',
      `${mib(report.rssSteady)} steady, ${mib(report.rssPostRecovery)} after the last recovery`,
    ],
    ...(more.foreign > 0 ? [['others’ jobs', `${more.foreign} done meanwhile, not counted`]] : []),
  ]);
  const head = ['kill', 'after', 'slot', 'worker', 'cause', 'detected', 'reclaimed', 'last orphan runs'];
  const rows = kills.map((kill, index) => {
    const times = report.recoveries[index];
    const slot = kill.slot === kill.drawn ? String(kill.slot) : `${kill.slot} (drawn ${kill.drawn})`;
    const phases = [times?.detectMs, times?.reclaimMs, times?.lastOrphanMs].map((value) => ms(value ?? null));
    return [String(index + 1), `${kill.plannedMs} ms`, slot, kill.worker, times?.cause ?? '–', ...phases];
  });
  const verdict =
    more.faults.length === 0
      ? 'Right: every job was done exactly once.'
      : `WRONG: ${more.faults.join('; ')}.`;
  return `\n${facts}\n${kills.length > 0 ? `${columns([head, ...rows])}\n` : ''}${verdict}\n`;
}
