import { type Comparison, compareRuns } from '../compare/compare.ts';
import type { RunReport } from '../summary/run-summary.ts';
import { readAssets } from './assets.ts';
import { browserScript } from './browser.ts';
import { comparisonSection } from './comparison-section.ts';
import { html, Markup, scriptJson, scriptText } from './markup.ts';
import { namedRun, type Plot, plotsOf } from './page-data.ts';
import { runSection } from './run-section.ts';
import { STYLE } from './style.ts';

/** Nothing may be loaded from anywhere, whatever stands in the page. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

const nameOf = (report: RunReport, names: readonly string[], at: number) =>
  names[at] ?? report.runId ?? report.name;

/** The reports as one HTML page that needs no network: figures, plots and, for several runs, their comparison. */
export async function renderPage(reports: readonly RunReport[]): Promise<string> {
  const comparison: Comparison | null = reports.length > 1 ? compareRuns(reports) : null;
  const names = comparison?.runs ?? [];
  const named = reports.map((report, at) => namedRun(report, nameOf(report, names, at)));
  const together = comparison === null ? [] : plotsOf('all', named);
  const single = named.map((run, at) => plotsOf(`run${at}`, [run]));
  const plots: Plot[] = [...together, ...single.flat()];
  const { script, style } = await readAssets();
  const sections = reports.map((report, at) =>
    runSection(report, `Run ${nameOf(report, names, at)}`, single[at] ?? []),
  );
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}"><link rel="icon" href="data:,">
<title>Millrace report</title><style>${new Markup(style)}${new Markup(STYLE)}</style></head>
<body><h1>Millrace report</h1>${comparison === null ? null : comparisonSection(comparison, together)}${sections}
<script type="application/json" id="plots">${scriptJson(plots)}</script>
<script>${scriptText(script)}</script><script>${scriptText(browserScript())}</script></body></html>
`.text;
}
