import { once } from 'node:events';
import { createServer as createHttp2 } from 'node:http2';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { silentLog, systemClock } from '@millrace/core';
import { lifecycleStress } from '@millrace/core/testing';
import { afterEach, expect, test } from 'vitest';
import { otlpSink } from '../../../../tests/support/otlp-sink.ts';
import { until } from '../../../../tests/support/queue.ts';
import { readTelemetrySettings } from '../settings/read-settings.ts';
import { createCounter, createDurations } from './counters.ts';
import { numberFamily } from './family.ts';
import { createMetricsPush } from './metrics-push.ts';

const ends: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const SERVICE = { name: 'millrace-producer', version: '1', instance: 'p1' };

/** A push to `endpoint` with a counter, a gauge and a histogram; `soon`: one every 20 ms. */
function push(endpoint: string, env: Record<string, string> = {}) {
  const settings = readTelemetrySettings(
    { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_METRIC_EXPORT_INTERVAL: '20', ...env },
    SERVICE,
  );
  const adds = createCounter('millrace_jobs_admitted_total', 'Jobs accepted.');
  const took = createDurations('messaging_process_duration_seconds', 'It took.');
  adds.add({ queue: 'mail' }, 3);
  took.record({ messaging_destination_name: 'mail' }, 0.3);
  let looks = 0;
  const families = () => [
    adds.family(),
    numberFamily('gauge', 'millrace_store_memory_used_bytes', 'Memory.', 7),
    numberFamily('counter', 'never_total', 'Never.', []),
    took.family(),
  ];
  const collect = () => {
    looks += 1;
    return families();
  };
  const made = createMetricsPush(settings, { collect, clock: systemClock, log: silentLog });
  ends.push(made.stop);
  return { ...made, adds, looks: () => looks };
}

async function port(server: { listen: Server['listen']; address: Server['address'] }): Promise<number> {
  const listening = once(server as Server, 'listening');
  server.listen(0, '127.0.0.1');
  await listening;
  return (server.address() as AddressInfo).port;
}

interface SeenMetric {
  readonly name: string;
  readonly unit: string;
  readonly [kind: string]: unknown;
}

/** The metrics of an export as JSON, by name. */
function metricsOf(body: Buffer) {
  const { resourceMetrics } = JSON.parse(body.toString('utf8'));
  const [{ resource, scopeMetrics }] = resourceMetrics;
  const metrics: SeenMetric[] = scopeMetrics.flatMap((scope: { metrics: SeenMetric[] }) => scope.metrics);
  return { resource, by: Object.fromEntries(metrics.map((metric) => [metric.name, metric])) };
}

test('http/json: what is pushed has the names of OpenTelemetry, the units and the true numbers', async () => {
  const sink = await otlpSink();
  ends.push(() => sink.close());
  const pushed = push(sink.url, { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' });
  await pushed.start();
  await until(() => pushed.stats().sent > 0, 'an export was taken');
  const [{ path, body }] = sink.exports as [(typeof sink.exports)[0]];
  const { resource, by } = metricsOf(body);
  expect(path).toBe('/v1/metrics');
  expect(resource.attributes).toContainEqual({
    key: 'service.name',
    value: { stringValue: 'millrace-producer' },
  });
  expect(Object.keys(by)).toEqual([
    'millrace_jobs_admitted',
    'millrace_store_memory_used',
    'messaging.process.duration',
  ]);
  expect(by.millrace_jobs_admitted).toMatchObject({
    unit: '',
    sum: { isMonotonic: true, aggregationTemporality: 2, dataPoints: [{ asDouble: 3 }] },
  });
  expect(by.millrace_store_memory_used).toMatchObject({
    unit: 'By',
    gauge: { dataPoints: [{ asDouble: 7 }] },
  });
  expect(by['messaging.process.duration']).toMatchObject({
    unit: 's',
    histogram: {
      dataPoints: [
        {
          ...{ count: 1, sum: 0.3 },
          attributes: [{ key: 'messaging.destination.name', value: { stringValue: 'mail' } }],
        },
      ],
    },
  });
});

test('http/protobuf, compressed: taken too', async () => {
  const sink = await otlpSink();
  ends.push(() => sink.close());
  const pushed = push(sink.url, { OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' });
  await pushed.start();
  await until(() => pushed.stats().sent > 0, 'an export was taken');
  const [{ headers, body }] = sink.exports as [(typeof sink.exports)[0]];
  expect(headers).toMatchObject({ 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' });
  expect(body.toString('latin1')).toContain('messaging.process.duration');
});

test('grpc: taken too', async () => {
  const paths: unknown[] = [];
  const server = createHttp2();
  server.on('stream', (stream, headers) => {
    paths.push(headers[':path']);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    // An empty message: all was taken.
    stream.resume().on('end', () => stream.end(Buffer.alloc(5)));
  });
  ends.push(() => server.close());
  const pushed = push(`http://127.0.0.1:${await port(server)}`, { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' });
  await pushed.start();
  await until(() => pushed.stats().sent > 0, 'an export was taken');
  expect(paths[0]).toBe('/opentelemetry.proto.collector.metrics.v1.MetricsService/Export');
});

test('a preference for deltas: only what came since the export before', async () => {
  const sink = await otlpSink();
  ends.push(() => sink.close());
  const pushed = push(sink.url, {
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
  });
  await pushed.start();
  await until(() => pushed.stats().sent > 0, 'an export was taken');
  pushed.adds.add({ queue: 'mail' }, 2);
  await until(() => pushed.stats().sent > 2, 'more exports were taken');
  const values = sink.exports.map(({ body }) => metricsOf(body).by.millrace_jobs_admitted as never);
  const points = values.map(({ sum }: { sum: { dataPoints: [{ asDouble: number }] } }) => sum.dataPoints[0]);
  expect(points[0]?.asDouble).toBe(3);
  expect(points.map(({ asDouble }) => asDouble).reduce((a, b) => a + b)).toBe(5);
});

test('a receiver that refuses costs a count, and the next export is tried', async () => {
  const sink = await otlpSink();
  ends.push(() => sink.close());
  sink.answer(400);
  const pushed = push(sink.url);
  await pushed.start();
  await until(() => pushed.stats().failed > 1, 'two exports were refused');
  sink.answer(200);
  await until(() => pushed.stats().sent > 0, 'an export was taken');
});

test('a black hole for a receiver: the stop takes its 2 s and no more', async () => {
  const hole = createServer(() => {});
  ends.push(() => hole.close());
  const pushed = push(`http://127.0.0.1:${await port(hole)}`, { OTEL_METRIC_EXPORT_INTERVAL: '60000' });
  await pushed.start();
  const began = systemClock.monotonicMs();
  await pushed.stop();
  const took = systemClock.monotonicMs() - began;
  expect(took).toBeGreaterThan(1_900);
  expect(took).toBeLessThan(9_000);
  expect(pushed.stats().sent).toBe(0);
});

test('the last figures are pushed by the stop', async () => {
  const sink = await otlpSink();
  ends.push(() => sink.close());
  const pushed = push(sink.url, { OTEL_METRIC_EXPORT_INTERVAL: '60000' });
  await pushed.start();
  await pushed.stop();
  expect([pushed.stats().sent, sink.exports.length]).toEqual([1, 1]);
});

test('keeps the contract of a lifecycle', async () => {
  const sink = await otlpSink();
  ends.push(() => sink.close());
  // Its timer and ours are of one event loop: a busy machine delays both.
  await lifecycleStress(
    () => push(sink.url),
    async (pushed) => {
      const before = pushed.looks();
      for (let interval = 0; interval < 5 && pushed.looks() === before; interval++)
        await systemClock.sleep(20);
      return pushed.looks() > before;
    },
  );
});

test('where metrics go nowhere, nothing is asked, nor sent', async () => {
  const sink = await otlpSink();
  ends.push(() => sink.close());
  const pushed = push(sink.url, { OTEL_METRICS_EXPORTER: 'none' });
  await pushed.start();
  await pushed.stop();
  expect([pushed.looks(), sink.exports.length]).toEqual([0, 0]);
});
