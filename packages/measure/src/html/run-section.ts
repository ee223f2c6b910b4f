import type { Finding } from '../diagnosis/finding.ts';
import type { Agreement, CallFigures, Percentiles, RunReport, RunSummary } from '../summary/run-summary.ts';
import { SOURCE_TEXTS } from '../summary/source-texts.ts';
import { count, mib, ms, percent } from './figures-text.ts';
import { html, type Markup, table } from './markup.ts';
import type { Plot } from './page-data.ts';
import { recoverySection } from './recovery-section.ts';

const tile = (name: string, value: string, kind = '') =>
  html`<div class="tile"><b class="${kind}">${value}</b><span>${name}</span></div>`;

function tiles({ jobs, throughput, latency, memory, seconds }: RunSummary, deaths: number): Markup {
  const { lost, linesLeftOut, failedAttempts, checksumRight } = jobs;
  return html`<div class="tiles">${[
    tile('jobs done', count(jobs.done)),
    tile('jobs/s', count(throughput.mean)),
    tile('seconds', seconds.toFixed(1)),
    tile('total p50', ms(latency.total.p50)),
    tile('total p99', ms(latency.total.p99)),
    tile('failed attempts', count(failedAttempts), failedAttempts > 0 ? 'warn' : ''),
    ...(lost === null ? [] : [tile('lost', count(lost), lost > 0 ? 'bad' : 'good')]),
    ...(linesLeftOut === 0 ? [] : [tile('lines left out', count(linesLeftOut), 'bad')]),
    ...(checksumRight === null
      ? []
      : [tile('checksum', checksumRight ? 'right' : 'WRONG', checksumRight ? 'good' : 'bad')]),
    ...(throughput.variation === null ? [] : [tile('variation by second', percent(throughput.variation))]),
    ...(memory.steady === null ? [] : [tile('RSS, steady', mib(memory.steady.rss))]),
    ...(memory.postRecovery === null ? [] : [tile('RSS, after recovery', mib(memory.postRecovery.rss))]),
    ...(memory.highest === null ? [] : [tile('RSS, highest', mib(memory.highest.rss))]),
    ...(deaths === 0 ? [] : [tile('deaths', count(deaths))]),
  ]}</div>`;
}

function latencyCard(summary: RunSummary): Markup {
  const keys = ['p50', 'p95', 'p99', 'p999', 'max', 'mean'] as const;
  const rows = Object.entries(summary.latency).map(([name, figures]: [string, Percentiles]) => [
    name,
    ...keys.map((key) => ms(figures[key])),
  ]);
  const from = `${count(summary.records)} records: ${SOURCE_TEXTS[summary.source]}`;
  return html`<div class="card wide"><h3>Latency</h3>${table(['', 'p50', 'p95', 'p99', 'p99.9', 'max', 'mean'], rows)}
<p class="muted">${from}; wait and total from the scheduled time.</p></div>`;
}

function findingCard({ cause, kind, evidence, experiment }: Finding): Markup {
  return html`<div class="card finding ${kind}"><h3>${cause.replaceAll('_', ' ')} <span class="tag muted">${kind}</span></h3>
<ul>${evidence.map((sentence) => html`<li>${sentence}</li>`)}</ul><p><b>First experiment:</b> ${experiment}</p></div>`;
}

function diagnosisSection({ signature, diagnosis }: RunReport): Markup {
  const kind = signature.shape === 'healthy' ? 'good' : 'warn';
  const none = diagnosis.length === 0 ? html`<p class="muted">No cause of harm was seen.</p>` : null;
  return html`<h3>Diagnosis</h3><p class="${kind}">${signature.said}</p>${none}${diagnosis.map(findingCard)}`;
}

function agreementCard(agreement: readonly Agreement[]): Markup | null {
  if (agreement.length === 0) return null;
  const rows = agreement.map(({ figure, unit, first, other, difference }) => [
    figure,
    ...[first, other].map((value) => (unit === 'ms' ? ms(value) : count(value))),
    figure.startsWith('death') ? `${(other - first).toFixed(1)} ms` : percent(difference),
  ]);
  return html`<div class="card wide"><h3>Do the sources agree?</h3>${table(['figure', 'events', 'traces', 'difference'], rows)}</div>`;
}

/** What handlers wait for: traces alone tell. */
function callsCard(calls: readonly CallFigures[]): Markup | null {
  if (calls.length === 0) return null;
  const rows = calls.map(({ name, share, meanMs }) => [name, percent(share), ms(meanMs)]);
  return html`<div class="card wide"><h3>Calls that handlers made</h3>
${table(['call', 'share of the handlers’ time', 'mean'], rows)}</div>`;
}

function errorsCard({ errors }: RunSummary): Markup | null {
  if (errors.length === 0) return null;
  const rows = errors.slice(0, 20).map(([kind, n]) => [kind, count(n)]);
  return html`<div class="card wide"><h3>Failed attempts</h3>${table(['error', 'attempts'], rows)}</div>`;
}

/** The first plot spans the page, and explains the marks of all. */
export function plotCard({ id, title, y, marks }: Plot, at: number): Markup {
  const key = at > 0 || marks.length === 0 ? '' : ' · solid: a death, dashed: its last orphan runs again';
  const place = at === 0 ? 'card wide' : 'card';
  return html`<div class="${place}"><h3>${title} <span class="muted">${y}${key}</span></h3><div class="plot" id="${id}"></div></div>`;
}

/** One run: its figures, plots, recoveries and diagnosis. */
export function runSection(report: RunReport, name: string, plots: readonly Plot[]): Markup {
  const [summary] = report.sources;
  const { run } = summary;
  const jaegerUrl = report.sources.find((one) => one.jaegerUrl !== null)?.jaegerUrl ?? null;
  const about =
    run === null
      ? summary.name
      : `${run.system}, run ${run.run_id}, ${run.cores} × ${run.cpu}, ${run.kernel}, load ${run.load}, commit ${run.commit.slice(0, 10)}`;
  const warnings = [...new Set(report.sources.flatMap((one) => one.warnings))];
  return html`<section><h2>${name}</h2><p class="muted">${about}</p>${warnings.map((one) => html`<p class="warn">${one}</p>`)}
${tiles(summary, report.recoveries.length)}${diagnosisSection(report)}
<div class="plots">${plots.map(plotCard)}${latencyCard(summary)}${recoverySection(
    report.recoveries,
    jaegerUrl,
  )}${callsCard(report.calls)}${agreementCard(report.agreement)}${errorsCard(summary)}</div></section>`;
}
