import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { prometheusText } from '@millrace/telemetry';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adapterFamilies } from '../../services/supervisor/src/cluster/kubernetes/adapter-metrics.ts';
import { createApiMeter } from '../../services/supervisor/src/cluster/kubernetes/api-meter.ts';
import { expressions, families, groupedBy, queries, selected } from '../charts/monitoring/expressions.ts';
import { has, missing } from '../charts/render.ts';
import { configFile, type Launched, launch, type Ready, scratch } from '../support/launch.ts';
import { type OtlpSink, otlpSink } from '../support/otlp-sink.ts';
import { serveMetrics, startPrometheus } from '../support/prometheus.ts';
import { until } from '../support/queue.ts';

/** What Prometheus and the chart's monitors add to every series. */
const TARGET_LABELS = ['pod', 'millrace_dev_pool'];

let folder: Awaited<ReturnType<typeof scratch>>;
let platform: Launched;
let sink: OtlpSink;
const told = new Map<string, Set<string>>();
/** Of the three services' health servers. */
let ports: number[];
/** What only a cluster tells. */
let adapter: string;
/** Makes it all happen once more. */
let again: () => Promise<void>;

const texts = () =>
  Promise.all(ports.map(async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()));

const CONFIG = `
http: { port: 0, healthPort: 0 }
supervision: { healthPort: 0 }
worker: { processes: 1, concurrency: 4, healthPort: 0 }
queues: { http: { bound: 1 } }
drain: { timeoutMs: 10s }
`;

async function post(ready: Ready, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${ready.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=20' },
    body: JSON.stringify(body),
  });
  return response.json();
}

/** Makes something happen that each counter counts. */
async function live(ready: Ready): Promise<void> {
  await post(ready, '/v1/queues/call/jobs', { name: 'call', data: { n: 3 } });
  const fails = { name: 'http', data: { url: 'http://127.0.0.1:9/' }, opts: { attempts: 1 } };
  const { id } = (await post(ready, '/v1/queues/http/jobs', fails)) as { id: string };
  await fetch(`${ready.url}/v1/queues/http/dead-letters/${id}`, { method: 'DELETE' });
  const later = { name: 'http', data: { url: 'http://127.0.0.1:9/' }, opts: { delayMs: 3_600_000 } };
  const patch = { method: 'PATCH', headers: { 'content-type': 'application/json' } };
  await fetch(`${ready.url}/v1/queues/http`, { ...patch, body: JSON.stringify({ bound: 1 }) });
  for (let add = 0; add < 2; add++) await post(ready, '/v1/queues/http/jobs', later);
}

beforeAll(async () => {
  folder = await scratch();
  sink = await otlpSink();
  platform = launch(['--json', '--dir', folder.dir, '--config', await configFile(folder.dir, CONFIG)], {
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${sink.url}/v1/metrics`,
    OTEL_SDK_DISABLED: 'false',
    OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json',
    OTEL_METRIC_EXPORT_INTERVAL: '1000',
  });
  const ready = await platform.ready();
  if (ready.url === undefined) throw new Error(platform.stdout());
  await live(ready);
  ports = ['http', 'supervision', 'worker'].map((service) => ready.ports[`${service}.healthPort`] ?? 0);
  again = () => live(ready);
  await until(
    async () => (await texts()).join('').includes('millrace_queue_depth{queue="call"}'),
    'the leader has counted the queues',
  );
  const meter = createApiMeter(0);
  meter.called('GET', 200, 5);
  meter.watchRestarted('pods');
  // Only a cluster has these: no server of one is needed for their text.
  const record = { ok: 1, failed: 0, tookMs: 5, retries: 0 };
  const lease = { holds: () => true, transitions: 1 };
  adapter = prometheusText(adapterFamilies(meter, { lease, queue: { depth: 0, record } }, 0));
  for (const [name, labels] of families([...(await texts()), adapter].join('\n'))) told.set(name, labels);
}, 120_000);

afterAll(async () => {
  platform?.process.kill('SIGTERM');
  await platform?.exit();
  await sink?.close();
  await folder?.remove();
});

describe.skipIf(!has('promtool'))(`/metrics under promtool${missing('promtool')}`, () => {
  test.each([0, 1, 2, 3])('text %i is valid', async (at) => {
    const text = [...(await texts()), adapter][at] ?? '';
    const check = execFile('promtool', ['check', 'metrics']);
    const closed = once(check, 'close');
    let said = '';
    for (const stream of [check.stdout, check.stderr]) {
      stream?.on('data', (chunk) => {
        said += chunk;
      });
    }
    check.stdin?.end(text);
    expect([await closed, said]).toEqual([[0, null], '']);
  });
});

/** Nothing of it is here: the store of this test has no limit of its memory. */
const NOT_HERE = /jobqueue_redis_memory_ratio/;

describe.skipIf(!has('prometheus'))(`Prometheus${missing('prometheus')}`, () => {
  test('every query of the dashboards finds something in a real scrape, and every alert can be asked', async () => {
    const kubernetes = await serveMetrics(adapter);
    const labels = { namespace: 'ns', app_kubernetes_io_instance: 'm', millrace_dev_pool: 'default' };
    const targets = [...ports, kubernetes.port].map((port, at) => ({
      port,
      labels: { ...labels, pod: `pod-${at}` },
    }));
    const prometheus = await startPrometheus(targets);
    try {
      const silent = new Set(queries().filter(({ where }) => where.includes('.json')));
      for (const { expr } of queries()) await prometheus.query(expr);
      await until(
        async () => {
          await again();
          for (const query of silent) if ((await prometheus.query(query.expr)) > 0) silent.delete(query);
          return [...silent].every(({ expr }) => NOT_HERE.test(expr));
        },
        'every query found something',
        60_000,
      ).catch(() => undefined);
      expect([...silent].filter(({ expr }) => !NOT_HERE.test(expr))).toEqual([]);
    } finally {
      await prometheus.stop();
      kubernetes.close();
    }
  }, 120_000);
});

test('every series that an alert or a dashboard asks for is told, with its labels', () => {
  const faults = expressions().flatMap((expression) =>
    selected(expression)
      .filter(({ metric }) => metric !== 'up')
      .flatMap(({ metric, labels }) => {
        const known = told.get(metric);
        if (known === undefined) return [`${expression.where}: nobody tells ${metric}`];
        return labels
          .filter((label) => !known.has(label) && !TARGET_LABELS.includes(label))
          .map((label) => `${expression.where}: ${metric} has no label ${label}, but ${[...known]}`);
      }),
  );
  expect(faults).toEqual([]);
});

test('every label that is grouped by belongs to all series of its expression', () => {
  const faults = expressions().flatMap((expression) =>
    groupedBy(expression).flatMap((label) =>
      selected(expression)
        .filter(({ metric }) => metric !== 'up' && !TARGET_LABELS.includes(label))
        .filter(({ metric }) => told.get(metric)?.has(label) === false)
        .map(({ metric }) => `${expression.where}: ${metric} has no label ${label}`),
    ),
  );
  expect(faults).toEqual([]);
});

/** Names of what a service pushed, at any time. */
function pushedBy(service: string): Set<string> {
  const names = new Set<string>();
  for (const { body } of sink.exports) {
    const [{ resource, scopeMetrics }] = JSON.parse(body.toString('utf8')).resourceMetrics;
    const who = resource.attributes.find(({ key }: { key: string }) => key === 'service.name');
    if (who?.value.stringValue !== service) continue;
    for (const { name } of scopeMetrics[0].metrics) names.add(name);
  }
  return names;
}

test.each(['producer', 'supervisor', 'worker'])('a %s pushes what it serves', async (service) => {
  const text = (await texts())[['producer', 'supervisor', 'worker'].indexOf(service)] ?? '';
  // Those that have samples, by what OpenTelemetry calls them: without unit and kind.
  const served = [...families(text)].filter(([name]) => new RegExp(`^${name}(_count)?[{ ]`, 'm').test(text));
  const bare = served
    .map(([name]) => name)
    .filter((name) => !isPart(name) && !name.startsWith('messaging_'))
    .map((name) => name.replace(/_total$/, '').replace(/_(seconds|bytes|ratio)$/, ''));
  expect(bare.length).toBeGreaterThan(15);
  await until(() => {
    const pushed = pushedBy(`millrace-${service}`);
    return bare.every((name) => pushed.has(name));
  }, `millrace-${service} has pushed ${bare}`);
});

/** Metric → labels, as the tables of docs/monitoring.md list them. */
function listed(): Map<string, string[]> {
  const guide = readFileSync(new URL('../../docs/monitoring.md', import.meta.url), 'utf8');
  const rows = guide.matchAll(/^\| `([a-z]+_\w+)` \| ([^|]*) \|/gm);
  return new Map(
    [...rows].map(([, name = '', labels = '']) => [
      name,
      [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label),
    ]),
  );
}

const isPart = (name: string) => /_(bucket|sum|count)$/.test(name) && told.has(name.replace(/_[a-z]+$/, ''));

test('docs/monitoring.md tells of every metric there is, and of no other', () => {
  const families = [...told.keys()].filter((name) => !isPart(name));
  expect([...listed().keys()].sort()).toEqual(families.sort());
});

test('docs/monitoring.md tells every label', () => {
  const guide = listed();
  const faults = [...told].flatMap(([name, labels]) => {
    const base = isPart(name) ? name.replace(/_[a-z]+$/, '') : name;
    return [...labels]
      .filter((label) => label !== 'le' && !guide.get(base)?.includes(label))
      .map((label) => `${base}: ${label}`);
  });
  expect(faults).toEqual([]);
});
