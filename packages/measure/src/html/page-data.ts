import type { RunReport, RunSummary } from '../summary/run-summary.ts';

/** One line of a plot. */
export interface PlotLine {
  readonly label: string;
  readonly xs: readonly number[];
  readonly ys: readonly number[];
  /** Index into the palette. */
  readonly colour: number;
  readonly dashed?: boolean;
}

/** A moment that is marked: a kill, or the restart of its last orphan. */
export interface PlotMark {
  readonly x: number;
  readonly kind: 'death' | 'recovered';
}

/** What the script of the page draws. */
export interface Plot {
  readonly id: string;
  readonly title: string;
  readonly x: 'seconds' | 'nines';
  readonly y: string;
  readonly isLog: boolean;
  readonly lines: readonly PlotLine[];
  readonly marks: readonly PlotMark[];
}

/** Beyond so many points a line is drawn by seconds. */
const MOST_POINTS = 1_500;
const MIB = 2 ** 20;

type Named = readonly [name: string, run: RunSummary];

const line = (label: string, points: readonly (readonly [number, number])[], colour: number): PlotLine => ({
  ...{ label, colour },
  xs: points.map(([x]) => x),
  ys: points.map(([, y]) => y),
});

function rateLine([name, { throughput }]: Named, colour: number): PlotLine {
  const { byWindow, bySecond } = throughput;
  const points = byWindow.length <= MOST_POINTS ? byWindow : bySecond;
  return line(
    name,
    points.map(({ atS, rate }) => [atS, rate]),
    colour,
  );
}

function marksOf({ recoveries }: RunSummary): PlotMark[] {
  return recoveries.flatMap(({ atMs, lastOrphanMs }) => [
    { x: atMs / 1_000, kind: 'death' as const },
    ...(lastOrphanMs === null ? [] : [{ x: (atMs + lastOrphanMs) / 1_000, kind: 'recovered' as const }]),
  ]);
}

function latencyLines(runs: readonly Named[]): PlotLine[] {
  const [only] = runs;
  if (runs.length === 1 && only !== undefined) {
    const points = only[1].latencyOverTime.total;
    return (['p50', 'p95', 'p99'] as const).map((key, i) =>
      line(
        `total ${key}`,
        points.map((point) => [point.atS, point[key]]),
        i,
      ),
    );
  }
  return runs.map(([name, run], i) =>
    line(
      `${name} total p99`,
      run.latencyOverTime.total.map(({ atS, p99 }) => [atS, p99]),
      i,
    ),
  );
}

/** A percentile curve over the number of nines: 90 % is 1, 99 % is 2. */
const nines = (share: number) => -Math.log10(1 - share);

function curveLines(runs: readonly Named[]): PlotLine[] {
  const [only] = runs;
  const lines: (readonly [string, RunSummary['curves']['total']])[] =
    runs.length === 1 && only !== undefined
      ? (['total', 'wait', 'service'] as const).map((kind) => [kind, only[1].curves[kind]])
      : runs.map(([name, run]) => [`${name} total`, run.curves.total]);
  return lines.map(([label, curve], i) =>
    line(
      label,
      curve.filter(([, ms]) => ms > 0).map(([share, ms]) => [nines(share), ms]),
      i,
    ),
  );
}

/** Steady, post-recovery and peak marks are level lines over the whole run. */
function markLines({ memory, seconds }: RunSummary): PlotLine[] {
  const marks = [
    ['steady', memory.steady],
    ['after recovery', memory.postRecovery],
    ['peak', memory.highest ?? memory.peak],
  ] as const;
  const last = memory.series.at(-1)?.atUs ?? 0;
  return marks.flatMap(([label, mark], i) =>
    mark === null
      ? []
      : [
          {
            ...line(
              `${label} ${Math.round(mark.rss / MIB)} MiB`,
              [
                [memory.series[0]?.atUs ?? 0, mark.rss / MIB],
                [Math.max(last / 1e6, seconds), mark.rss / MIB],
              ],
              2 + i,
            ),
            dashed: true,
          },
        ],
  );
}

function memoryLines(runs: readonly Named[]): PlotLine[] {
  const many = runs.length > 1;
  return runs.flatMap(([name, run], i) => {
    const { series } = run.memory;
    if (series.length === 0) return [];
    const rss = line(
      many ? `${name} RSS` : 'RSS',
      series.map(({ atUs, rss: bytes }) => [atUs / 1e6, bytes / MIB]),
      i,
    );
    if (many) return [rss];
    const heap = series.flatMap(({ atUs, heap: bytes }) =>
      bytes === null ? [] : [[atUs / 1e6, bytes / MIB] as const],
    );
    return [rss, ...(heap.length === 0 ? [] : [line('heap', heap, 1)]), ...markLines(run)];
  });
}

const backlogLine = ([name, run]: Named, i: number) => line(name, run.backlog, i);

/** The plots of one run, or of several over each other; `id` tells them from others of the page. */
export function plotsOf(id: string, runs: readonly Named[]): Plot[] {
  const marks = runs.length === 1 ? runs.flatMap(([, run]) => marksOf(run)) : [];
  const time = { x: 'seconds', marks, isLog: false } as const;
  const plots: Plot[] = [
    {
      ...time,
      ...{ id: `${id}-rate`, title: 'Throughput', y: 'jobs/s' },
      lines: runs.map((run, i) => rateLine(run, i)),
    },
    {
      ...time,
      ...{ id: `${id}-latency`, title: 'Latency over time', y: 'ms', isLog: true },
      lines: latencyLines(runs),
    },
    {
      ...{ id: `${id}-curve`, title: 'Latency by percentile', x: 'nines', y: 'ms', isLog: true },
      ...{ marks: [], lines: curveLines(runs) },
    },
    {
      ...time,
      ...{ id: `${id}-memory`, title: 'Memory', y: 'MiB' },
      lines: memoryLines(runs),
    },
    {
      ...time,
      ...{ id: `${id}-backlog`, title: 'Jobs due and not started', y: 'jobs' },
      lines: runs.map(backlogLine),
    },
  ];
  return plots.filter(({ lines }) => lines.some(({ xs }) => xs.length > 1));
}

/** The first source's figures under the run's name, with the deaths that any source tells of. */
export const namedRun = ({ sources: [first], recoveries }: RunReport, name: string): Named => [
  name,
  { ...first, recoveries },
];
