import { PAGE_STYLE } from './page-style.ts';
import { type Plot, plotOf } from './plot.ts';
import { KINDS, type Report, type Times } from './report.ts';
import { escaped, msText, numberText } from './words.ts';

function row(cells: readonly string[], kind: 'td' | 'th' = 'td'): string {
  return `<tr>${cells.map((cell) => `<${kind}>${cell}</${kind}>`).join('')}</tr>`;
}

function timesRow(name: string, times: Times | null): string {
  if (times === null) return '';
  const { count, p50, p90, p95, p99, p999, max } = times;
  return row([escaped(name), numberText(count), ...[p50, p90, p95, p99, p999, max].map(msText)]);
}

function timesTable(caption: string, rows: readonly string[]): string {
  const head = row(['', 'jobs', 'p50', 'p90', 'p95', 'p99', 'p99.9', 'max'], 'th');
  return `<table class="numbers"><caption>${escaped(caption)}</caption>${head}${rows.join('')}</table>`;
}

function verdictTable({ verdict }: Report): string {
  const rows = verdict.map(({ ok, meaning, metric, expression, value }) =>
    row([
      `<b class="${ok ? 'good' : 'bad'}">${ok ? '✓' : '✗'}</b>`,
      escaped(meaning),
      `<code>${escaped(`${metric} ${expression}`)}</code>`,
      metric.startsWith('job_') ? msText(value) : numberText(value),
    ]),
  );
  return `<table><caption>Verdict</caption>${rows.join('')}</table>`;
}

function overTime({ series }: Report): { xs: number[]; kills: number[] } {
  const xs = series.accepted.map((_, at) => (at + 0.5) * series.seconds);
  return { xs, kills: xs.filter((_, at) => (series.kills[at] ?? 0) > 0) };
}

const clockText = (seconds: number) =>
  seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 6) / 10} min`;

function ratePlot(report: Report): Plot {
  const { series } = report;
  const { xs, kills } = overTime(report);
  const perSecond = (counts: readonly number[]) => counts.map((count) => count / series.seconds);
  const refused = series.refused.some((count) => count > 0)
    ? [{ name: 'refused', style: 'c3', values: perSecond(series.refused) }]
    : [];
  return {
    title: 'Jobs a second',
    xs,
    xText: clockText,
    yText: numberText,
    moments: kills,
    momentName: 'worker killed',
    lines: [
      { name: 'accepted', style: 'c1', values: perSecond(series.accepted) },
      { name: 'seen ended', style: 'c2', values: perSecond(series.ended) },
      ...refused,
    ],
  };
}

function latencyPlot(report: Report): Plot {
  const { series } = report;
  const { xs, kills } = overTime(report);
  return {
    title: 'Latency over time',
    xs,
    xText: clockText,
    yText: msText,
    moments: kills,
    momentName: 'worker killed',
    lines: [
      { name: 'total p95', style: 'c3', values: series.totalP95 },
      { name: 'total p50', style: 'c2', values: series.totalP50 },
      { name: 'accept p95', style: 'c1', values: series.acceptP95 },
    ],
  };
}

const TAIL = [
  ['p50', 'p50'],
  ['p90', 'p90'],
  ['p95', 'p95'],
  ['p99', 'p99'],
  ['p999', 'p99.9'],
] as const;

/** The further right, the fewer jobs were slower. */
function tailPlot({ times }: Report): Plot {
  return {
    title: 'How slow the slow ones are',
    xs: TAIL.map((_, at) => at),
    xText: (at) => TAIL[at]?.[1] ?? '',
    yText: msText,
    lines: (['accept', 'wait', 'run', 'total'] as const).map((kind, at) => ({
      name: kind,
      style: `c${at + 1}`,
      values: TAIL.map(([percentile]) => times[kind]?.[percentile] ?? null),
    })),
  };
}

function factsOf({ settings, counts, generator, run, startedAt, tookMs }: Report): string {
  const facts: readonly (readonly [string, string])[] = [
    ['API', settings.url],
    ['run', run ?? 'did not begin'],
    ['began', startedAt ?? ''],
    ['took', msText(tookMs)],
    ['rate', `${settings.rate} jobs/s at 1×, for ${settings.durationS} s`],
    ['accepted', numberText(counts.accepted ?? 0)],
    ['refused', numberText(counts.refused ?? 0)],
    ['workers killed', numberText(counts.kills ?? 0)],
    ['iterations dropped', numberText(counts.droppedIterations ?? 0)],
    ['gone before they were looked at', numberText(counts.vanished ?? 0)],
    ['most virtual users', numberText(generator.mostUsers)],
    ['waited for a connection, p95', msText(generator.blockedP95Ms)],
  ];
  return `<dl>${facts.map(([name, text]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(text)}</dd></div>`).join('')}</dl>`;
}

/** The summary as a page of its own: no script, nothing from elsewhere. It carries the JSON summary, too. */
export function summaryPage(report: Report): string {
  const { passed, test, times, scenarios } = report;
  const title = `${passed ? 'Passed' : 'Failed'}: load test ${test}`;
  const tables = [
    timesTable(
      'Times',
      KINDS.map((kind) => timesRow(kind, times[kind])),
    ),
    timesTable(
      'Total, by the way they were added',
      scenarios.map(({ name, times: own }) => timesRow(name, own.total)),
    ),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title><style>${PAGE_STYLE}</style></head>
<body><header class="${passed ? 'good' : 'bad'}"><h1>${escaped(title)}</h1></header>
<main>${factsOf(report)}${verdictTable(report)}
<div class="plots">${[ratePlot, latencyPlot, tailPlot].map((plot) => plotOf(plot(report))).join('')}</div>
${tables.join('')}
<p class="notes">accept: the request that adds, as the client sees it. wait: from the add (or when it was due) to the job’s first start. run: from its last start to its end. total: from the add (or when it was due) to its end. reply: a request that waits for the result. All but accept and reply come from the job’s own timestamps.</p>
</main><script type="application/json" id="report">${JSON.stringify(report).replace(/</g, '\\u003c')}</script></body></html>
`;
}
