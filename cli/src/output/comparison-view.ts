import type { ComparedFigure, Comparison } from '@millrace/measure';
import type { Paint } from './colour.ts';
import { type Column, renderTable } from './table.ts';
import { printable } from './text-width.ts';
import { bytes, count, duration } from './units.ts';

function valueText(value: number | null, unit: string): string {
  if (value === null) return '-';
  if (unit === 'ms') return duration(value);
  if (unit === 'bytes') return bytes(value);
  if (unit === '') return `${(value * 100).toFixed(0)} %`;
  return `${unit === 'jobs/s' ? count(value) : value.toFixed(2)} ${unit}`;
}

function runColumn(name: string, at: number): Column<ComparedFigure> {
  return {
    title: printable(name).toUpperCase(),
    value: ({ values, ratios, unit }) => {
      const ratio = ratios[at];
      const times = at === 0 || ratio === null || ratio === undefined ? '' : ` (${ratio.toFixed(2)} x)`;
      return `${valueText(values[at] ?? null, unit)}${times}`;
    },
    align: 'right',
  };
}

/** Runs side by side; a winner is named only where they may be compared. */
export function renderComparison(
  comparison: Comparison,
  layout: { readonly width: number; readonly paint: Paint },
): string {
  const { runs, comparable, obstacles, figures, winners } = comparison;
  const { paint } = layout;
  const verdict = comparable
    ? [paint.green('Comparable: the same jobs on the same machine, and every run is right.')]
    : [
        paint.yellow('Not comparable: no winner is named.'),
        ...obstacles.map(({ what, kind }) => `  ${printable(what)} (${kind})`),
      ];
  const better: Column<ComparedFigure> = {
    title: 'BETTER',
    value: ({ figure }) => winners[figure] ?? 'no difference',
  };
  const columns: Column<ComparedFigure>[] = [
    { title: 'COMPARED', value: ({ figure }) => figure },
    ...runs.map(runColumn),
    ...(comparable ? [better] : []),
  ];
  return [verdict.join('\n'), renderTable(columns, figures, layout)].join('\n\n');
}
