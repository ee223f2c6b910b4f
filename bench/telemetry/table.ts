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

/** What one part is told by. */
interface Part {
  readonly sides: Readonly<Record<Side, SideFigures>>;
  readonly ratios: Ratios & { readonly stockOtel: Middle };
  readonly capacity: number | null;
  readonly collectorCpuShare: number | null;
}

function partLines({ sides, ratios }: Part): string[] {
  return [
    line('', 'jobs/s', 'cpu µs/job', 'spans late', '  spans a job'),
    ...(Object.keys(NAMES) as Side[]).map((side) => sideLine(side, sides[side])),
    '',
    line('full ÷ off', `  ${spread(ratios.full)}`),
    line('every job ÷ off', `  ${spread(ratios.everyJob)}`),
    line('every job, ours ÷ stock', `  ${spread(ratios.everyJobVsStockOtel)}`),
    line('stock + bullmq-otel ÷ stock', `  ${spread(ratios.stockOtel)}`),
  ];
}

/** The run for people: the part that the gates are about, and the one with a Jaeger on the same cores. */
export function telemetryTable(gated: Part, jaeger: Part | null, gates: readonly Gate[]): string {
  const { capacity, collectorCpuShare } = gated;
  const sink =
    capacity === null
      ? []
      : [
          `the sink takes ${told(capacity)} spans/s alone, and used ${told(collectorCpuShare)} of a processor`,
        ];
  const aside = jaeger === null ? [] : ['', 'With Jaeger on the same cores (no gate):', ...partLines(jaeger)];
  return [...partLines(gated), ...sink, ...aside, '', ...gateLines(gates)].join('\n');
}
