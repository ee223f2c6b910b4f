import type { RunEvent } from '../events.ts';
import type { RunReport, RunSummary } from '../summary/run-summary.ts';

/** Why figures of runs must not be held against each other. */
export interface Obstacle {
  readonly what: string;
  /** Fundamental: the scheduler's design. Accidental: tuning, surroundings, a fault. */
  readonly kind: 'fundamental' | 'accidental';
}

/** One figure of every run. */
export interface ComparedFigure {
  readonly figure: string;
  readonly unit: string;
  readonly values: readonly (number | null)[];
  /** Each value ÷ the first run's; null where there is none. */
  readonly ratios: readonly (number | null)[];
  readonly better: 'higher' | 'lower';
}

export interface Comparison {
  readonly runs: readonly string[];
  readonly comparable: boolean;
  readonly obstacles: readonly Obstacle[];
  readonly figures: readonly ComparedFigure[];
  /** By figure, the name of the best run; empty where they are not comparable. */
  readonly winners: Readonly<Record<string, string>>;
}

/** What of a machine must be the same. */
const MACHINE = ['cpu', 'cores', 'kernel'] as const;
/** Configuration that a sweep varies on purpose is told, and no obstacle: it is what is compared. */
const SWEPT = new Set(['producers', 'threads', 'workers', 'queue_bound', 'crash_slots', 'compute_on']);
/** A run whose steps took so much longer was not on the same machine, or not alone on it. */
const STEP_FACTOR = 2;
const NOISE = 0.05;

const differs = <T>(values: readonly T[]) => new Set(values.map((value) => JSON.stringify(value))).size > 1;
const quoted = (values: readonly unknown[]) => values.map((value) => JSON.stringify(value)).join(', ');

function machineObstacles(runs: readonly RunEvent[]): Obstacle[] {
  const told = MACHINE.filter((key) => differs(runs.map((run) => run[key])));
  const steps = runs.map(({ ns_per_step }) => ns_per_step);
  const slow = Math.max(...steps) > STEP_FACTOR * Math.min(...steps);
  const isOneSystem = !differs(runs.map(({ system }) => system));
  return [
    ...told.map(
      (key): Obstacle => ({
        what: `the machines differ: ${key} is ${quoted(runs.map((run) => run[key]))}`,
        kind: 'accidental',
      }),
    ),
    ...(slow && isOneSystem
      ? [
          {
            what: `a step took ${quoted(steps)} ns: not the same machine, or not alone`,
            kind: 'accidental',
          } as const,
        ]
      : []),
  ];
}

/** What must be known of every run before any two are held against each other. */
function unknownObstacles(run: RunEvent, name: string): Obstacle[] {
  const machine = [...MACHINE, 'ns_per_step' as const].filter((key) => run[key] === undefined);
  const unknown = [...machine, ...(run.config.jobs === undefined ? ['config.jobs'] : [])];
  if (unknown.length === 0) return [];
  return [{ what: `${name} does not tell ${unknown.join(', ')}`, kind: 'accidental' }];
}

/** The same jobs have one checksum, also where nobody can say which. */
function checksumObstacles(runs: readonly RunSummary[]): Obstacle[] {
  const told = runs.flatMap(({ jobs: { checksum, checksumRight } }) =>
    checksumRight === null ? (checksum ?? []) : [],
  );
  if (told.length < runs.length || !differs(told)) return [];
  return [{ what: `the checksums differ: ${quoted(told)}`, kind: 'accidental' }];
}

function configObstacles(runs: readonly RunEvent[]): Obstacle[] {
  const keys = [...new Set(runs.flatMap(({ config }) => Object.keys(config)))];
  return keys
    .filter((key) => !SWEPT.has(key) && differs(runs.map(({ config }) => config[key])))
    .map((key) => ({
      what: `the jobs differ: ${key} is ${quoted(runs.map(({ config }) => config[key]))}`,
      kind: 'accidental',
    }));
}

function deviationObstacles(runs: readonly RunEvent[]): Obstacle[] {
  const all = [...new Set(runs.flatMap(({ deviations }) => deviations))];
  return all
    .filter((deviation) => runs.some(({ deviations }) => !deviations.includes(deviation)))
    .map((deviation) => ({ what: `not every run deviates so: ${deviation}`, kind: 'fundamental' }));
}

/** What is wrong with one run, so that nothing may be concluded from it. */
function ownObstacles({ sources: [run], diagnosis }: RunReport, name: string): Obstacle[] {
  const { jobs } = run;
  const wrong = [
    ...(jobs.checksumRight === false ? [`the checksum of ${name} is wrong`] : []),
    ...((jobs.lost ?? 0) > 0 ? [`${name} lost ${jobs.lost} jobs`] : []),
    ...(jobs.duplicateCommits > 0 ? [`${name} committed ${jobs.duplicateCommits} jobs twice`] : []),
    ...(run.run === null ? [`nothing is known of the machine and the configuration of ${name}`] : []),
  ];
  const accidents = diagnosis.filter(({ kind }) => kind === 'accidental');
  return [
    ...wrong.map((what): Obstacle => ({ what, kind: 'accidental' })),
    ...accidents.map(
      ({ cause }): Obstacle => ({
        what: `${name} had an accident: ${cause.replaceAll('_', ' ')}`,
        kind: 'accidental',
      }),
    ),
  ];
}

const FIGURES: readonly {
  readonly figure: string;
  readonly unit: string;
  readonly better: ComparedFigure['better'];
  readonly of: (run: RunSummary) => number | null;
}[] = [
  { figure: 'throughput', unit: 'jobs/s', better: 'higher', of: (run) => run.throughput.mean },
  { figure: 'variation', unit: '', better: 'lower', of: (run) => run.throughput.variation },
  ...(['wait', 'service', 'total'] as const).flatMap((kind) =>
    (['p50', 'p95', 'p99', 'p999'] as const).map((key) => ({
      figure: `${kind} ${key === 'p999' ? 'p99.9' : key}`,
      unit: 'ms',
      better: 'lower' as const,
      of: (run: RunSummary) => run.latency[kind][key],
    })),
  ),
  { figure: 'longest last orphan', unit: 'ms', better: 'lower', of: longestOrphan },
  { figure: 'loss area of deaths', unit: 'job s', better: 'lower', of: lossOfDeaths },
  { figure: 'memory, steady', unit: 'bytes', better: 'lower', of: (run) => run.memory.steady?.rss ?? null },
  { figure: 'memory, highest', unit: 'bytes', better: 'lower', of: (run) => run.memory.highest?.rss ?? null },
];

function longestOrphan({ recoveries }: RunSummary): number | null {
  const told = recoveries.flatMap(({ lastOrphanMs }) => (lastOrphanMs === null ? [] : [lastOrphanMs]));
  return told.length === 0 ? null : Math.max(...told);
}

function lossOfDeaths({ recoveries }: RunSummary): number | null {
  if (recoveries.length === 0) return null;
  return Math.round(recoveries.reduce((sum, { lossArea }) => sum + lossArea, 0) * 1_000) / 1_000;
}

function figuresOf(runs: readonly RunSummary[]): ComparedFigure[] {
  return FIGURES.flatMap(({ figure, unit, better, of }) => {
    const values = runs.map(of);
    if (values.every((value) => value === null)) return [];
    const [base] = values;
    const ratios = values.map((value) => (value === null || !base ? null : value / base));
    return [{ figure, unit, values, ratios, better }];
  });
}

/** The best run for each figure that tells them apart. */
function winnersOf(figures: readonly ComparedFigure[], names: readonly string[]): Record<string, string> {
  const winners: Record<string, string> = {};
  for (const { figure, values, better } of figures) {
    const told = values.filter((value) => value !== null);
    if (told.length < values.length) continue;
    const [least, most] = [Math.min(...told), Math.max(...told)];
    if (most - least <= NOISE * Math.abs(most)) continue;
    winners[figure] = names[values.indexOf(better === 'higher' ? most : least)] as string;
  }
  return winners;
}

/** Names that tell the runs apart: the system's where it does. */
function namesOf(reports: readonly RunReport[]): string[] {
  const systems = reports.map(({ sources: [run], name }) => run.run?.system ?? name);
  return systems.map((system, at) =>
    systems.indexOf(system) === systems.lastIndexOf(system) ? system : `${system} #${at + 1}`,
  );
}

/** Holds runs against each other, or says why that must not be done (WORKLOAD.md's rules). Two runs or more. */
export function compareRuns(reports: readonly RunReport[]): Comparison {
  const names = namesOf(reports);
  const runs = reports.flatMap(({ sources: [{ run }] }) => run ?? []);
  const isAll = runs.length === reports.length;
  const obstacles = [
    ...reports.flatMap((report, at) => ownObstacles(report, names[at] as string)),
    ...reports.flatMap(({ sources: [{ run }] }, at) =>
      run === null ? [] : unknownObstacles(run, names[at] as string),
    ),
    ...checksumObstacles(reports.map(({ sources: [first] }) => first)),
    ...(isAll ? [...machineObstacles(runs), ...configObstacles(runs), ...deviationObstacles(runs)] : []),
  ];
  const figures = figuresOf(reports.map(({ sources: [first] }) => first));
  const comparable = obstacles.length === 0;
  return {
    runs: names,
    comparable,
    obstacles,
    figures,
    winners: comparable ? winnersOf(figures, names) : {},
  };
}
