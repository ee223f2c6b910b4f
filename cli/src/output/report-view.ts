import {
  type Agreement,
  type CallFigures,
  type Finding,
  type Percentiles,
  type RecoveryFigures,
  type RunReport,
  type RunSummary,
  SOURCE_TEXTS,
} from '@millrace/measure';
import type { Paint } from './colour.ts';
import { renderFacts } from './queue-view.ts';
import { type Column, renderTable } from './table.ts';
import { printable } from './text-width.ts';
import { shortStart } from './tree.ts';
import { bytes, count, duration, plural } from './units.ts';

interface Layout {
  readonly width: number;
  readonly paint: Paint;
}

const percent = (share: number) => `${Math.round(share * 100)} %`;

function jobsText({ jobs }: RunSummary): string {
  const { lost, linesLeftOut, duplicateCommits, failedAttempts, killedAttempts, refused } = jobs;
  return [
    `${count(jobs.done)} done`,
    ...(lost === null ? [] : [`${count(lost)} lost`]),
    ...(linesLeftOut > 0 ? [`${plural(linesLeftOut, 'line')} left out`] : []),
    ...(duplicateCommits > 0 ? [`${count(duplicateCommits)} committed twice`] : []),
    ...(failedAttempts > 0 ? [`${plural(failedAttempts, 'attempt')} failed`] : []),
    ...(killedAttempts > 0 ? [`${plural(killedAttempts, 'attempt')} killed`] : []),
    ...(refused > 0 ? [`${count(refused)} refused`] : []),
  ].join(', ');
}

function checksumText({ jobs: { checksum, checksumRight } }: RunSummary): string | null {
  if (checksum === null) return null;
  return `${checksum} ${checksumRight === null ? '' : checksumRight ? '(right)' : '(WRONG)'}`.trim();
}

function throughputText({ throughput }: RunSummary): string {
  const { mean, variation, least, most } = throughput;
  const steady =
    variation === null || least === null || most === null
      ? ''
      : `; by second ${count(least)} to ${count(most)}, variation ${percent(variation)}`;
  return `${count(mean)} jobs/s${steady}`;
}

function memoryText({ memory }: RunSummary): string | null {
  const { steady, postRecovery, peak, highest } = memory;
  const mark = (name: string, one: { rss: number; heap: number | null } | null) =>
    one === null ? [] : [`${name} ${bytes(one.rss)}${one.heap === null ? '' : ` (heap ${bytes(one.heap)})`}`];
  const marks = [...mark('steady', steady), ...mark('after recovery', postRecovery)];
  const top = [...mark('highest', highest), ...(highest === null ? mark('peaks', peak) : [])];
  return marks.length + top.length === 0 ? null : [...marks, ...top].join(', ');
}

/** What handlers wait for. */
const callText = ({ name, share, meanMs }: CallFigures) =>
  `${percent(share)} of the handlers' time in ${printable(name)}, ${duration(meanMs)} each`;

const LATENCIES: readonly Column<readonly [string, Percentiles]>[] = [
  { title: 'LATENCY', value: ([name]) => name },
  ...(['p50', 'p95', 'p99', 'p999', 'max', 'mean'] as const).map(
    (key) =>
      ({
        title: key === 'p999' ? 'P99.9' : key.toUpperCase(),
        value: ([, figures]: readonly [string, Percentiles]) => duration(figures[key]),
        align: 'right',
      }) as const,
  ),
];

function recoveryColumns(): readonly Column<RecoveryFigures>[] {
  const time = (title: string, value: (one: RecoveryFigures) => number | null, optional = 0) =>
    ({ title, value: (one: RecoveryFigures) => duration(value(one)), align: 'right', optional }) as const;
  return [
    time('DEATH AT', ({ atMs }) => atMs),
    { title: 'WORKER', value: ({ worker }) => shortStart(worker) },
    { title: 'CAUSE', value: ({ cause }) => cause ?? '-', optional: 1 },
    { title: 'JOBS', value: ({ orphans }) => count(orphans), align: 'right' },
    time('DETECT', ({ detectMs }) => detectMs, 5),
    time('RECLAIM', ({ reclaimMs }) => reclaimMs),
    time('RESPAWN', ({ respawnMs }) => respawnMs, 4),
    time('FIRST', ({ firstOrphanMs }) => firstOrphanMs, 3),
    time('LAST', ({ lastOrphanMs }) => lastOrphanMs),
    { title: 'LOSS', value: ({ lossArea }) => `${lossArea.toFixed(2)} job s`, align: 'right' },
    { title: 'BAND', value: bandText, align: 'right' },
  ];
}

/** Rate alone, then the whole of it. */
function bandText({ band }: RecoveryFigures): string {
  if (band === null) return '-';
  const told = (ms: number | null) => (ms === null ? 'never' : duration(ms));
  return `${told(band.throughputMs)} / ${told(band.wholeMs)}`;
}

function findingLines({ cause, kind, evidence, experiment }: Finding, at: number, paint: Paint): string[] {
  return [
    `${at + 1}. ${paint.bold(cause.replaceAll('_', ' '))} (${kind})`,
    ...evidence.map((sentence) => `   saw: ${printable(sentence)}`),
    `   first: ${printable(experiment)}`,
  ];
}

function diagnosisText({ signature, diagnosis }: RunReport, paint: Paint): string {
  const said = signature.shape === 'healthy' ? paint.green(signature.said) : paint.yellow(signature.said);
  const none = diagnosis.length === 0 ? ['No cause of harm was seen.'] : [];
  return [
    paint.dim('DIAGNOSIS'),
    said,
    ...none,
    ...diagnosis.flatMap((one, at) => findingLines(one, at, paint)),
  ].join('\n');
}

const AGREEMENT: readonly Column<Agreement>[] = [
  { title: 'FIGURE', value: ({ figure }) => figure },
  { title: 'EVENTS', value: ({ first, unit }) => figureText(first, unit), align: 'right' },
  { title: 'TRACES', value: ({ other, unit }) => figureText(other, unit), align: 'right' },
  { title: 'DIFFERENCE', value: differenceText, align: 'right' },
];

function figureText(value: number, unit: Agreement['unit']): string {
  return unit === 'ms' ? `${value.toFixed(1)} ms` : count(value);
}

/** A recovery's times are compared in ms: a percentage of a few ms says nothing. */
function differenceText({ figure, first, other, difference }: Agreement): string {
  if (figure.startsWith('death')) return `${(other - first).toFixed(1)} ms`;
  return difference === null ? '-' : `${(difference * 100).toFixed(1)} %`;
}

/** One source's figures of a run. */
function renderSummary(summary: RunSummary, { width, paint }: Layout): string {
  const { latency, recoveries, errors } = summary;
  const rows: (readonly [string, string | null])[] = [
    ['from', `${summary.name}: ${count(summary.records)} records, ${SOURCE_TEXTS[summary.source]}`],
    ['jobs', `${jobsText(summary)} in ${summary.seconds.toFixed(1)} s`],
    ['checksum', checksumText(summary)],
    ['throughput', throughputText(summary)],
    ['loss area', `${count(summary.lossArea)} job seconds, from due until done`],
    ['memory', memoryText(summary)],
    ...summary.calls.slice(0, 3).map((call) => ['calls', callText(call)] as const),
    ...errors.slice(0, 5).map(([kind, n]) => ['error', `${count(n)} × ${printable(kind)}`] as const),
  ];
  const facts = renderFacts(
    rows.filter((row): row is readonly [string, string] => row[1] !== null),
    paint,
  );
  const table = renderTable(LATENCIES, Object.entries(latency) as [string, Percentiles][], { width, paint });
  const deaths =
    recoveries.length === 0 ? [] : [renderTable(recoveryColumns(), recoveries, { width, paint })];
  return [facts, table, ...deaths].join('\n\n');
}

/** One run for a person. */
export function renderReport(report: RunReport, layout: Layout): string {
  const { paint } = layout;
  const warned = report.sources
    .flatMap(({ warnings }) => warnings)
    .map((one) => `Warning: ${printable(one)}`);
  return [
    paint.bold(`Run ${printable(report.runId ?? report.name)}`),
    ...report.sources.map((summary) => renderSummary(summary, layout)),
    ...(report.agreement.length === 0 ? [] : [renderTable(AGREEMENT, report.agreement, layout)]),
    diagnosisText(report, paint),
    ...(warned.length === 0 ? [] : [paint.yellow([...new Set(warned)].join('\n'))]),
  ].join('\n\n');
}
