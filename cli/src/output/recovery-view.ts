import type { RecoveryAnswer } from '../death-answers.ts';
import type { Paint } from './colour.ts';
import { endText, lastLines, memoryTexts, traceFacts } from './death-facts.ts';
import { renderFacts } from './queue-view.ts';
import { type Column, renderTable } from './table.ts';
import { printable, truncate } from './text-width.ts';
import { shortStart } from './tree.ts';
import { age, count, duration, plural } from './units.ts';

interface Layout {
  readonly width: number;
  readonly paint: Paint;
}

/** How many jobs a death left behind. */
export function orphanCount(recovery: RecoveryAnswer): number {
  return Object.values(recovery.orphans).reduce((sum, ids) => sum + ids.length, 0);
}

function recoveryColumns(nowMs: number, paint: Paint): readonly Column<RecoveryAnswer>[] {
  const phase = (title: string, value: (recovery: RecoveryAnswer) => number | null, optional = 0) =>
    ({
      title,
      value: (recovery: RecoveryAnswer) => duration(value(recovery)),
      align: 'right',
      optional,
    }) as const;
  return [
    { title: 'DIED', value: (recovery) => `${age(recovery.diedAtMs, nowMs)} ago`, align: 'right' },
    { title: 'WORKER', value: (recovery) => shortStart(recovery.certificate.worker) },
    { title: 'POD', value: (recovery) => recovery.certificate.pod, shrinkTo: 8, optional: 6 },
    { title: 'CAUSE', value: (recovery) => recovery.certificate.cause },
    { title: 'BLAME', value: (recovery) => recovery.certificate.blame, optional: 2 },
    phase('DETECT', (recovery) => recovery.detectMs),
    phase('FENCE', (recovery) => recovery.fenceMs, 4),
    phase('RECLAIM', (recovery) => recovery.reclaimMs),
    phase('RESPAWN', (recovery) => recovery.respawnMs, 3),
    { title: 'JOBS', value: (recovery) => count(orphanCount(recovery)), align: 'right' },
    phase('FIRST', (recovery) => recovery.firstOrphanMs, 5),
    phase('LAST', (recovery) => recovery.lastOrphanMs),
    { title: 'TRACE', value: (recovery) => recovery.traceId ?? '-', optional: 7 },
    {
      title: 'STATE',
      value: (recovery) => recovery.state,
      optional: 1,
      colour: (cell, recovery) => (recovery.state === 'done' ? cell : paint.yellow(cell)),
    },
  ];
}

/** Recoveries, newest first; phases are ms since the death. */
export function renderRecoveries(
  recoveries: readonly RecoveryAnswer[],
  nowMs: number,
  layout: Layout,
): string {
  if (recoveries.length === 0) return 'No worker has died.';
  return renderTable(recoveryColumns(nowMs, layout.paint), recoveries, layout);
}

/** How many ids of a queue's jobs are told by name. */
const IDS_SHOWN = 12;
const BAR = 30;

const BLAMES: Readonly<Record<string, string>> = {
  jobs: 'counts against its jobs: one of them may be the killer',
  unknown: 'counted; its jobs are suspects if it happens to them again',
  none: 'counts against no job',
};

/** The phases of a recovery as bars on one scale, from the death to the end of each. */
function waterfall(recovery: RecoveryAnswer, { paint }: Layout): string {
  const { detectMs, fenceMs, reclaimMs, respawnMs, firstOrphanMs, lastOrphanMs } = recovery;
  const phases = [
    ['seen', detectMs],
    ['fenced', fenceMs],
    ['reclaimed', reclaimMs],
    ['replaced', respawnMs],
    ['first job again', firstOrphanMs],
    ['last job again', lastOrphanMs],
  ] as const;
  const longestMs = Math.max(1, ...phases.map(([, ms]) => ms ?? 0));
  return phases
    .map(([name, ms]) => {
      const bar = '━'.repeat(ms === null ? 0 : Math.max(1, Math.round((ms / longestMs) * BAR)));
      return `${paint.dim(name.padEnd(15))}  ${paint.cyan(bar.padEnd(BAR))}  ${duration(ms)}`;
    })
    .join('\n');
}

function orphansText({ orphans }: RecoveryAnswer): string {
  const told = Object.entries(orphans).map(([queue, ids]) => {
    const more = ids.length > IDS_SHOWN ? ` and ${count(ids.length - IDS_SHOWN)} more` : '';
    return `${queue}: ${ids.slice(0, IDS_SHOWN).join(', ')}${more}`;
  });
  return told.join('; ') || 'none';
}

/** One death: what was seen of it, whose fault it may be, and how its jobs came back. */
export function renderRecovery(recovery: RecoveryAnswer, nowMs: number, layout: Layout): string {
  const { paint, width } = layout;
  const { certificate, diedAtMs } = recovery;
  const evidence = certificate.evidence.map(({ kind, atMs, detail }) => {
    const why = detail === undefined ? '' : ` (${detail})`;
    return `${kind} +${duration(Math.max(0, atMs - diedAtMs))}${why}`;
  });
  const facts: (readonly [string, string])[] = [
    ['worker', paint.bold(printable(certificate.worker))],
    ['died', `${age(diedAtMs, nowMs)} ago`],
    ['cause', endText(certificate)],
    ['blame', `${certificate.blame}: ${BLAMES[certificate.blame] ?? ''}`],
    ['evidence', evidence.join(', ') || 'none'],
    ...memoryTexts(certificate).map((text) => ['memory', text] as const),
    [plural(orphanCount(recovery), 'job'), orphansText(recovery)],
  ];
  const told = facts.map(([label, value], at) =>
    at === 0 ? ([label, value] as const) : ([label, truncate(printable(value), width - 10)] as const),
  );
  const lines = lastLines(certificate.lastLines, '  ', layout);
  return [
    // Whole, so that it can be followed.
    renderFacts([...told, ...traceFacts(recovery)], paint),
    waterfall(recovery, layout),
    ...(lines.length > 0 ? [[paint.dim('last words'), ...lines].join('\n')] : []),
  ].join('\n\n');
}
