import type { ComparedFigure, Comparison } from '../compare/compare.ts';
import { count, mib, ms, percent } from './figures-text.ts';
import { html, type Markup, table } from './markup.ts';
import type { Plot } from './page-data.ts';
import { plotCard } from './run-section.ts';

function valueText({ unit }: ComparedFigure, value: number | null): string {
  if (value === null) return '–';
  if (unit === 'ms') return ms(value);
  if (unit === 'bytes') return mib(value);
  if (unit === '') return percent(value);
  return `${unit === 'jobs/s' ? count(value) : value.toFixed(2)} ${unit}`;
}

function row(figure: ComparedFigure, { comparable, winners }: Comparison): (string | Markup)[] {
  const cells = figure.values.map((value, i) => {
    const ratio = figure.ratios[i];
    const times = i === 0 || ratio === null || ratio === undefined ? '' : ` (${ratio.toFixed(2)} ×)`;
    return `${valueText(figure, value)}${times}`;
  });
  return [figure.figure, ...cells, ...(comparable ? [winners[figure.figure] ?? 'no difference'] : [])];
}

/** Runs side by side, with their verdict first. */
export function comparisonSection(comparison: Comparison, plots: readonly Plot[]): Markup {
  const { runs, comparable, obstacles, figures } = comparison;
  const verdict = comparable
    ? html`<p class="good">Comparable: the same jobs on the same machine, both right.</p>`
    : html`<p class="bad"><b>Not comparable.</b> The figures are shown, no winner is named.</p>
<ul>${obstacles.map(({ what, kind }) => html`<li>${what} <span class="tag muted">${kind}</span></li>`)}</ul>`;
  const head = ['figure', ...runs, ...(comparable ? ['better'] : [])];
  return html`<section><h2>${runs.join(' · ')}</h2>${verdict}
<div class="plots">${plots.map(plotCard)}<div class="card wide">${table(
    head,
    figures.map((figure) => row(figure, comparison)),
  )}</div></div></section>`;
}
