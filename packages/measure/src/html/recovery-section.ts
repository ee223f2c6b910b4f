import type { RecoveryFigures } from '../summary/run-summary.ts';
import { count, ms } from './figures-text.ts';
import { html, type Markup, table } from './markup.ts';

/** The way from the death to the last orphan's start, as it is drawn: where each phase ends. */
const PHASES = [
  ['detected', 'detectMs', 'var(--line-3)'],
  ['fenced', 'fenceMs', 'var(--line-4)'],
  ['reclaimed', 'reclaimMs', 'var(--line-1)'],
  ['first orphan runs', 'firstOrphanMs', 'var(--line-2)'],
  ['last orphan runs', 'lastOrphanMs', 'var(--line-0)'],
] as const;

/** Phases side by side, to the scale of the longest recovery. */
function bar(recovery: RecoveryFigures, longestMs: number): Markup {
  let sofar = 0;
  const parts = PHASES.map(([name, key, colour]) => {
    const end = recovery[key];
    if (end === null || end <= sofar) return null;
    const width = ((end - sofar) / longestMs) * 100;
    sofar = end;
    return html`<i title="${name} ${ms(end)}" style="width:${width.toFixed(2)}%;background:${colour}"></i>`;
  });
  return html`<div class="bar">${parts}</div>`;
}

function band({ band: found }: RecoveryFigures): string {
  if (found === null) return '–';
  const told = (value: number | null) => (value === null ? 'never' : ms(value));
  return `${told(found.throughputMs)} / ${told(found.wholeMs)}`;
}

/** The recovery's own trace, in the Jaeger that it was read from. */
function trace({ traceId }: RecoveryFigures, jaegerUrl: string | null): Markup | string {
  if (traceId === null) return '–';
  const short = traceId.slice(0, 8);
  if (jaegerUrl === null) return html`<span title="${traceId}">${short}</span>`;
  return html`<a href="${jaegerUrl.replace(/\/?$/, '/')}trace/${encodeURIComponent(traceId)}">${short}</a>`;
}

/** Every death with its phases; nothing for a run without one. `jaegerUrl`: where their traces are. */
export function recoverySection(
  recoveries: readonly RecoveryFigures[],
  jaegerUrl: string | null,
): Markup | null {
  if (recoveries.length === 0) return null;
  const longestMs = Math.max(
    1,
    ...recoveries.map(({ lastOrphanMs, reclaimMs }) => lastOrphanMs ?? reclaimMs ?? 0),
  );
  const rows = recoveries.map((one) => [
    ms(one.atMs),
    one.worker.slice(one.worker.lastIndexOf('.') + 1).slice(0, 8),
    one.cause ?? '–',
    count(one.orphans),
    ...[one.detectMs, one.fenceMs, one.reclaimMs, one.respawnMs, one.firstOrphanMs, one.lastOrphanMs].map(ms),
    `${one.lossArea.toFixed(2)} job s`,
    band(one),
    trace(one, jaegerUrl),
    bar(one, longestMs),
  ]);
  const phases = ['detected', 'fenced', 'reclaimed', 'respawned', 'first orphan', 'last orphan'];
  const head = [
    'death at',
    'worker',
    'cause',
    'jobs',
    ...phases,
    'loss area',
    'band: rate / whole',
    'trace',
    'phases',
  ];
  const key = PHASES.map(([name, , colour]) => html`<i style="background:${colour}"></i>${name}`);
  return html`<div class="card wide"><h3>Recoveries</h3><p class="muted">Times since the death.</p>
<p class="key muted">${key}</p>${table(head, rows)}</div>`;
}
