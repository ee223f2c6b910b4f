import { WAYS, type Way } from './scenarios.ts';
import type { Settings } from './settings.ts';
import { slicesOf } from './slices.ts';
import { ALWAYS } from './thresholds.ts';

/** The part of k6's end-of-test data that is read here; the same in k6 1 and 2. */
export interface K6Data {
  readonly metrics: Readonly<Record<string, K6Metric>>;
  readonly setup_data?: unknown;
  readonly state: { readonly testRunDurationMs: number };
}

interface K6Metric {
  readonly type: string;
  readonly values: Readonly<Record<string, number>>;
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
}

/** Of one kind of times, ms. */
export interface Times {
  readonly count: number;
  readonly min: number;
  readonly avg: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** One judgement; the run passes when all are ok. */
export interface Judgement {
  readonly metric: string;
  readonly expression: string;
  readonly value: number;
  readonly ok: boolean;
  /** What it means for a person. */
  readonly meaning: string;
}

/** The kinds of times that are told. */
export const KINDS = ['accept', 'wait', 'run', 'total', 'reply'] as const;
export type Kind = (typeof KINDS)[number];

/** What a run came to: the JSON summary, and what the other forms are made from. */
export interface Report {
  readonly schema: 1;
  readonly test: string;
  readonly run: string | null;
  /** The server's clock, as HTTP writes it. */
  readonly startedAt: string | null;
  readonly tookMs: number;
  readonly passed: boolean;
  readonly settings: Settings;
  readonly verdict: readonly Judgement[];
  readonly counts: Readonly<Record<string, number>>;
  readonly times: Readonly<Record<Kind, Times | null>>;
  /** How k6 itself fared; `blockedP95Ms`: what requests waited for a connection before they were sent. */
  readonly generator: { readonly blockedP95Ms: number; readonly mostUsers: number };
  readonly scenarios: readonly {
    readonly name: Way;
    readonly accepted: number;
    readonly times: Readonly<Record<Exclude<Kind, 'reply'>, Times | null>>;
  }[];
  readonly series: {
    readonly seconds: number;
    readonly accepted: readonly number[];
    readonly ended: readonly number[];
    readonly refused: readonly number[];
    readonly kills: readonly number[];
    readonly acceptP95: readonly (number | null)[];
    readonly totalP50: readonly (number | null)[];
    readonly totalP95: readonly (number | null)[];
  };
}

/** In the order in which they are told. */
const MEANINGS: Readonly<Record<string, string>> = {
  unaccounted: 'the jobs accepted are those that the ledger saw end: none was lost',
  jobs_duplicated: 'no job was committed twice',
  ledger_gaps: 'the ledger is whole',
  unsettled: 'every accepted job was followed to its end',
  uncertain: 'the outcome of every add is known',
  jobs_failed: 'no job failed for good',
  jobs_accepted: 'the run did something',
  ledger_pages: 'the ledger was read',
  http_req_failed: 'no request failed',
  jobs_refused: 'no job was refused',
  dropped_iterations: 'every planned request was made in time',
  job_accept: 'adds were accepted in time',
  job_wait: 'jobs were started in time',
  kills: 'workers were killed',
  kills_denied: 'workers could be killed',
};

const COUNTS: Readonly<Record<string, string>> = {
  accepted: 'jobs_accepted',
  ended: 'jobs_ended',
  failed: 'jobs_failed',
  refused: 'jobs_refused',
  vanished: 'jobs_vanished',
  uncertain: 'uncertain',
  unsettled: 'unsettled',
  unaccounted: 'unaccounted',
  duplicated: 'jobs_duplicated',
  gaps: 'ledger_gaps',
  kills: 'kills',
  requests: 'http_reqs',
  iterations: 'iterations',
  droppedIterations: 'dropped_iterations',
};

const NONE: K6Metric = { type: 'none', values: {} };

/** What a threshold's expression is about: `p(95)<1000` is about `p(95)`. */
function valueFor(metric: K6Metric, expression: string): number {
  const [aggregate = ''] = expression.split(/[<>=!]/);
  return metric.values[aggregate.trim()] ?? 0;
}

function verdictOf({ metrics }: K6Data): Judgement[] {
  return Object.entries(metrics).flatMap(([name, metric]) =>
    Object.entries(metric.thresholds ?? {})
      .filter(([expression]) => expression !== ALWAYS.count && expression !== ALWAYS.trend)
      .map(([expression, { ok }]) => ({
        metric: name,
        expression,
        value: valueFor(metric, expression),
        ok,
        meaning: MEANINGS[name] ?? name,
      })),
  );
}

function timesOf({ values }: K6Metric): Times | null {
  const of = (name: string) => values[name] ?? 0;
  if (of('count') === 0) return null;
  return {
    count: of('count'),
    min: of('min'),
    avg: of('avg'),
    p50: of('med'),
    p90: of('p(90)'),
    p95: of('p(95)'),
    p99: of('p(99)'),
    p999: of('p(99.9)'),
    max: of('max'),
  };
}

function seriesOf(find: (name: string) => K6Metric, settings: Settings): Report['series'] {
  const { count, seconds } = slicesOf(settings.durationS);
  const over = <Value>(metric: string, value: (found: K6Metric) => Value) =>
    Array.from({ length: count }, (_, slice) => value(find(`${metric}{slice:${slice}}`)));
  const total = ({ values }: K6Metric) => values.count ?? 0;
  return {
    seconds,
    accepted: over('jobs_accepted', total),
    ended: over('jobs_ended', total),
    refused: over('jobs_refused', total),
    kills: over('kills', total),
    acceptP95: over('job_accept', (found) => timesOf(found)?.p95 ?? null),
    totalP50: over('job_total', (found) => timesOf(found)?.p50 ?? null),
    totalP95: over('job_total', (found) => timesOf(found)?.p95 ?? null),
  };
}

const ORDER = Object.keys(MEANINGS);
const placeOf = ({ metric }: Judgement) => (ORDER.includes(metric) ? ORDER.indexOf(metric) : ORDER.length);

/** Worst first. */
const byVerdict = (a: Judgement, b: Judgement) => Number(a.ok) - Number(b.ok) || placeOf(a) - placeOf(b);

/** Makes the report from k6's data. */
export function reportOf(data: K6Data, settings: Settings): Report {
  const find = (name: string) => data.metrics[name] ?? NONE;
  const setup = (data.setup_data ?? {}) as { id?: string; startedAt?: string };
  const verdict = verdictOf(data).sort(byVerdict);
  const timesIn = (suffix: string) =>
    Object.fromEntries(KINDS.map((kind) => [kind, timesOf(find(`job_${kind}${suffix}`))])) as Record<
      Kind,
      Times | null
    >;
  return {
    schema: 1,
    test: settings.profile,
    run: setup.id ?? null,
    startedAt: setup.startedAt ?? null,
    tookMs: Math.round(data.state.testRunDurationMs),
    passed: verdict.length > 0 && verdict.every(({ ok }) => ok),
    settings,
    verdict,
    counts: Object.fromEntries(
      Object.entries(COUNTS).map(([name, metric]) => [name, find(metric).values.count ?? 0]),
    ),
    times: timesIn(''),
    generator: {
      blockedP95Ms: find('http_req_blocked').values['p(95)'] ?? 0,
      mostUsers: find('vus').values.max ?? 0,
    },
    scenarios: WAYS.map((name) => {
      const { reply: _reply, ...times } = timesIn(`{scenario:${name}}`);
      return { name, accepted: find(`jobs_accepted{scenario:${name}}`).values.count ?? 0, times };
    }),
    series: seriesOf(find, settings),
  };
}
