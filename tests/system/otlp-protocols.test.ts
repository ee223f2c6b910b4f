import { silentLog, systemClock } from '@millrace/core';
import {
  createSpanExport,
  readTelemetrySettings,
  type SpanRecord,
  spanIdOf,
  traceIdOf,
} from '@millrace/telemetry';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasJaeger, type Jaeger, startJaeger } from '../support/jaeger.ts';

let jaeger: Jaeger;
beforeAll(async () => {
  if (hasJaeger()) jaeger = await startJaeger();
});
afterAll(() => jaeger?.close());

const service = { name: 'millrace-worker', version: '0.1.0', instance: 'one' };

/** Two spans of one trace with everything that a span may have. */
function spansOf(id: string): SpanRecord[] {
  const traceId = traceIdOf('images', id, 1_790_000_000_000);
  const startUs = systemClock.epochUs() - 1_000_000;
  const parent: SpanRecord = {
    traceId,
    spanId: spanIdOf(traceId, 'images', id, 0),
    parentSpanId: null,
    name: 'send images',
    kind: 'producer',
    startUs,
    endUs: startUs,
    attributes: { 'messaging.system': 'bullmq', 'messaging.message.id': 'żółw' },
  };
  const child: SpanRecord = {
    ...parent,
    spanId: spanIdOf(traceId, 'images', id, 1),
    parentSpanId: parent.spanId,
    name: 'process images',
    kind: 'consumer',
    endUs: startUs + 250_001,
    attributes: { 'millrace.wait_us': -5, 'millrace.sampling.weight': 99.5, ok: true, names: ['a', 'b'] },
    links: [{ traceId: traceIdOf('images', 'other', 1), spanId: parent.spanId }],
    events: [{ name: 'exception', atUs: startUs + 7, attributes: { 'exception.type': 'Error' } }],
    error: 'out of ink',
  };
  return [parent, child];
}

describe.skipIf(!hasJaeger())('spans as a real Jaeger takes them (skipped: no `jaeger` on the PATH)', () => {
  test.each(['http/protobuf', 'http/json', 'grpc'] as const)('over %s', async (protocol) => {
    const endpoint = protocol === 'grpc' ? jaeger.otlpGrpcUrl : jaeger.otlpUrl;
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    };
    const exporter = createSpanExport(readTelemetrySettings(env, service), {
      clock: systemClock,
      log: silentLog,
    });
    await exporter.start();
    const [parent, child] = spansOf(protocol) as [SpanRecord, SpanRecord];
    exporter.add([parent, child]);
    await exporter.stop();
    expect(exporter.stats()).toEqual({
      exported: 2,
      queued: 0,
      dropped: { full: 0, refused: 0, stopped: 0, unfit: 0 },
    });
    const spans = await jaeger.traceOnce(parent.traceId, ({ length }) => length === 2);
    const [send, process] = ['send images', 'process images'].map((name) =>
      spans.find((span) => span.name === name),
    );
    expect(send).toMatchObject({
      service: 'millrace-worker',
      kind: 4,
      startTimeUnixNano: `${parent.startUs}000`,
      attributes: parent.attributes,
    });
    expect(process).toMatchObject({
      parentSpanId: parent.spanId,
      kind: 5,
      endTimeUnixNano: `${child.endUs}000`,
      status: { code: 2, message: 'out of ink' },
      attributes: { 'millrace.wait_us': -5, 'millrace.sampling.weight': 99.5, ok: true },
      links: [{ traceId: traceIdOf('images', 'other', 1), spanId: parent.spanId }],
      events: [{ name: 'exception', timeUnixNano: `${parent.startUs + 7}000` }],
    });
  });
});
