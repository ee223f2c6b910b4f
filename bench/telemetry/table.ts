import { type Gate, gateLines, told } from '@millrace/measure';
import type { Middle, SideFigures } from './figures.ts';
import type { Ratios } from './gates.ts';
import type { Side } from './sides.ts';

const NAMES: Readonly<Record<Side, string>> = {
  off: 'ours, off',
  full: 'ours, full: tail, failures, 1 %',
  everyJob: 'ours, every job sampled',
  stockNone: 'stock BullMQ',
  stockOtel: 'stock + bullmq-otel, always on',
};

const WIDTHS = [34, 11, 11, 12] as const;
const line = (...cells: readonly string[]) =>
  cells
    .map((cell, i) => (i === 0 ? cell.padEnd(WIDTHS[0]) : cell.padStart(WIDTHS[i] ?? 2)))
    .join('')
    .trimEnd();

const spread = ({ median, low, high, n }: Middle) =>
  `${told(median)} (${told(low)}–${told(high)}, ${n} pairs)`;

function sideLine(side: Side, figures: SideFigures): string {
  const spans = Object.entries(figures.spansPerJob)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
  return line(
    NAMES[side],
    told(figures.jobsPerSecond.median),
    told(figures.cpuUsPerJob),
    told(figures.lagMs.median),
    `  ${spans}`,
  );
}

/** The run for people. */
export function telemetryTable(
  sides: Readonly<Record<Side, SideFigures>>,
  ratios: Ratios,
  gates: readonly Gate[],
  more: readonly string[],
): string {
  return [
    line('', 'jobs/s', 'µs cpu/job', 'spans lag ms', '  spans a job'),
    ...(Object.keys(NAMES) as Side[]).map((side) => sideLine(side, sides[side])),
    '',
    `full ÷ off ${spread(ratios.full)}; every job ÷ off ${spread(ratios.everyJob)}; every job ÷ stock's ${spread(ratios.everyJobVsStockOtel)}`,
    ...more,
    '',
    ...gateLines(gates),
  ].join('\n');
}
