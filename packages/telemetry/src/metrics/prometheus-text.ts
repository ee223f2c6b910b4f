import { DURATION_EDGES } from './edges.ts';
import { type DurationSample, type Labels, type MetricFamily, mergeFamilies } from './family.ts';

/** The `content-type` of what `prometheusText` makes. */
export const PROMETHEUS_TEXT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '"': '\\"' };

const labelValue = (value: string | number) =>
  String(value).replace(/[\\\n"]/g, (found) => ESCAPED[found] ?? found);
/** In a help text a quotation mark stands for itself. */
const helpText = (help: string) => help.replace(/[\\\n]/g, (found) => ESCAPED[found] ?? found);

function numeral(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

function labelled(labels: Labels, more = ''): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${labelValue(value)}"`);
  if (more !== '') pairs.push(more);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** Buckets count everything up to their edge, the last one all there is. */
function histogramLines(name: string, { labels, durations }: DurationSample): string[] {
  let soFar = 0;
  const buckets = durations.counts.map((count, bucket) => {
    soFar += count;
    const edge = DURATION_EDGES[bucket];
    return `${name}_bucket${labelled(labels, `le="${edge ?? '+Inf'}"`)} ${soFar}`;
  });
  const own = labelled(labels);
  return [...buckets, `${name}_sum${own} ${numeral(durations.sum)}`, `${name}_count${own} ${soFar}`];
}

function familyLines(family: MetricFamily): string[] {
  const { name, help, type } = family;
  const samples =
    family.type === 'histogram'
      ? family.samples.flatMap((sample) => histogramLines(name, sample))
      : family.samples.map(({ labels, value }) => `${name}${labelled(labels)} ${numeral(value)}`);
  return [`# HELP ${name} ${helpText(help)}`, `# TYPE ${name} ${type}`, ...samples];
}

/** Prometheus' text format 0.0.4, each family declared once, whether it has samples or not yet. */
export function prometheusText(families: readonly MetricFamily[]): string {
  return mergeFamilies(families)
    .flatMap(familyLines)
    .map((line) => `${line}\n`)
    .join('');
}
