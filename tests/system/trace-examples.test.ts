import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@millrace/core';
import { afterEach, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { hasJaeger } from '../support/jaeger.ts';
import { scratch } from '../support/launch.ts';
import { until } from '../support/queue.ts';
import { freePort } from '../support/store-setup.ts';

const EXAMPLES = new URL('../../k8s/examples/', import.meta.url);
const textOf = (file: string) => readFileSync(new URL(file, EXAMPLES), 'utf8');
const ends: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Runs Jaeger, which is a collector too, with that configuration until `url` answers. */
async function run(config: object, url: string): Promise<void> {
  const folder = await scratch();
  ends.push(folder.remove);
  const file = join(folder.dir, 'config.yaml');
  await writeFile(file, stringify(config));
  const child = spawn('jaeger', ['--config', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk;
    });
  }
  ends.push(() => end(child));
  await until(async () => {
    if (child.exitCode !== null) throw new Error(said);
    return (await fetch(url).catch(() => null))?.ok === true;
  }, `${url} answers`);
}

const at = (port: number) => ({ endpoint: `127.0.0.1:${port}` });

/** One span as OTLP in JSON, in a trace of its own. */
function spanOf(name: string, { isError = false, ...attributes }: Record<string, unknown>) {
  const hex = createHash('sha256').update(name).digest('hex');
  const nowNs = BigInt(Math.round(systemClock.nowMs())) * 1_000_000n;
  return {
    traceId: hex.slice(0, 32),
    spanId: hex.slice(32, 48),
    ...{
      name: 'process mail',
      kind: 5,
      startTimeUnixNano: String(nowNs),
      endTimeUnixNano: String(nowNs + 5n),
    },
    status: isError ? { code: 2 } : {},
    attributes: Object.entries({ 'messaging.destination.name': 'mail', ...attributes }).map(
      ([key, value]) => ({
        key,
        value: typeof value === 'number' ? { intValue: value } : { stringValue: value },
      }),
    ),
  };
}

/** The example, with what this binary has not left out and what it keeps kept in itself. */
function collectorOf(ports: Readonly<Record<'otlp' | 'metrics' | 'query', number>>) {
  const config = parse(textOf('collector/config.yaml'));
  delete config.processors.k8sattributes;
  config.processors.tail_sampling.decision_wait = '200ms';
  config.connectors.spanmetrics.metrics_flush_interval = '200ms';
  config.receivers.otlp.protocols = { http: at(ports.otlp) };
  config.exporters.prometheus.endpoint = at(ports.metrics).endpoint;
  delete config.exporters.otlp;
  config.exporters.jaeger_storage_exporter = { trace_storage: 'memory' };
  config.extensions = {
    jaeger_storage: { backends: { memory: { memory: { max_traces: 1_000 } } } },
    jaeger_query: {
      storage: { traces: 'memory' },
      enable_tracing: false,
      http: at(ports.query),
      grpc: at(0),
    },
  };
  const { pipelines } = config.service;
  const has = (name: string) => name !== 'k8sattributes';
  pipelines.traces.processors = pipelines.traces.processors.filter(has);
  pipelines['traces/kept'].exporters = ['jaeger_storage_exporter'];
  config.service.extensions = ['jaeger_storage', 'jaeger_query'];
  config.service.telemetry = { metrics: { level: 'none' } };
  return config;
}

const PLAIN = 300;

describe.skipIf(!hasJaeger())(
  `examples for traces, loaded by Jaeger${hasJaeger() ? '' : ' (skipped: jaeger is not on the PATH)'}`,
  () => {
    test('the collector counts every span, keeps what failed, was slow or was chosen, and 1 % of the rest', async () => {
      const ports = { otlp: await freePort(), metrics: await freePort(), query: await freePort() };
      await run(collectorOf(ports), `http://127.0.0.1:${ports.query}/api/v3/services`);
      const kept = [
        spanOf('failed', { isError: true }),
        spanOf('chosen', { 'millrace.sampling.cut': 'hash' }),
        spanOf('slow', { 'millrace.sampling.cut': 'sampler', 'millrace.service_us': 6_000_000 }),
        spanOf('late', { 'millrace.sampling.cut': 'sampler', 'millrace.wait_us': 61_000_000 }),
      ];
      const plain = Array.from({ length: PLAIN }, (_, n) =>
        spanOf(`plain ${n}`, { 'millrace.sampling.cut': 'sampler', 'millrace.wait_us': 1_000 }),
      );
      const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'millrace-worker' } }] };
      const body = { resourceSpans: [{ resource, scopeSpans: [{ spans: [...plain, ...kept] }] }] };
      const sent = await fetch(`http://127.0.0.1:${ports.otlp}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(sent.status).toBe(200);

      const isKept = async ({ traceId }: { traceId: string }) =>
        (await fetch(`http://127.0.0.1:${ports.query}/api/v3/traces/${traceId}`)).ok;
      for (const span of kept) await until(() => isKept(span), `trace ${span.traceId} is kept`);
      const others = await Promise.all(plain.map(isKept));
      expect(others.filter(Boolean).length).toBeLessThan(PLAIN / 10);

      const metrics = async () => (await fetch(`http://127.0.0.1:${ports.metrics}/metrics`)).text();
      const calls = async () =>
        [...(await metrics()).matchAll(/^traces_span_metrics_calls_total\{(.*)\} ([\d.]+)/gm)].map(
          ([, labels = '', value]) => ({ labels, value: Number(value) }),
        );
      const counted = async () => (await calls()).reduce((sum, { value }) => sum + value, 0);
      await until(async () => (await counted()) === PLAIN + kept.length, 'every span is counted');
      // By these Jaeger's tab "Monitor" finds them.
      for (const { labels } of await calls()) {
        expect(labels).toContain('span_kind="SPAN_KIND_CONSUMER"');
        expect(labels).toMatch(/status_code="STATUS_CODE_(UNSET|ERROR)"/);
        expect(labels).toContain('messaging_destination_name="mail"');
      }
      expect(await metrics()).toContain('traces_span_metrics_duration_seconds_bucket');
    }, 60_000);

    test('Jaeger’s pages are about jobs: their attributes first, with links to the API', async () => {
      const [query, otlp] = [await freePort(), await freePort()];
      const config = parse(textOf('jaeger/config.yaml'));
      config.receivers.otlp.protocols = { http: at(otlp) };
      Object.assign(config.extensions.jaeger_query, { http: at(query), grpc: at(0) });
      config.extensions.jaeger_query.ui.config_file = new URL('jaeger/ui.json', EXAMPLES).pathname;
      await run(config, `http://127.0.0.1:${query}/api/v3/services`);
      const page = await (await fetch(`http://127.0.0.1:${query}/`)).text();
      const shown = JSON.parse(/JAEGER_CONFIG = (\{.*\});/.exec(page)?.[1] ?? '{}');
      expect(shown).toMatchObject(JSON.parse(textOf('jaeger/ui.json')));
      expect(shown.topTagPrefixes[0]).toBe('messaging.');
    }, 60_000);
  },
);
