import { MillraceError } from '@millrace/core';
import type { Attributes } from '../span-record.ts';
import { readSampling } from './read-sampling.ts';
import { readTarget } from './read-target.ts';
import { type Env, type FileFault, type Reading, readingOf, readPairs } from './reading.ts';
import {
  type BatchSettings,
  INSTRUMENTATIONS,
  INSTRUMENTATIONS_UNASKED,
  type MetricsTarget,
  type ServiceIdentity,
  type SpanLimits,
  TELEMETRY_OFF,
  type TelemetrySettings,
} from './settings.ts';

/**
 * What the `OTEL_*` variables say. Pure but for `fileFault`; for `main.ts` files. Who exports gives {@link unreadableFile}; who
 * hands its spans to another needs no certificates, and must start without them.
 * Throws `config_invalid` with every bad variable by name.
 */
export function readTelemetrySettings(
  env: Env,
  service: ServiceIdentity,
  fileFault: FileFault = () => null,
): TelemetrySettings {
  const reading = readingOf(env, fileFault);
  if (reading.choice(['true', 'false'], 'false', 'OTEL_SDK_DISABLED') === 'true') return TELEMETRY_OFF;
  const traces = readTarget(reading, 'TRACES');
  const settings = {
    traces,
    metrics: readMetrics(reading),
    sampling: readSampling(reading),
    resource: readResource(reading, service),
    batch: readBatch(reading),
    limits: readLimits(reading),
    propagators: readPropagators(reading),
    instrumentations: readInstrumentations(reading),
  };
  if (reading.faults.length > 0) throw invalid(reading);
  return traces ? settings : { ...settings, sampling: TELEMETRY_OFF.sampling };
}

function invalid({ faults }: Reading): MillraceError {
  const sentences = faults.map(({ pointer, message }) => `${pointer} ${message}`);
  return new MillraceError('config_invalid', `Set telemetry right: ${sentences.join('; ')}.`, {
    details: { faults },
  });
}

function readMetrics(reading: Reading): MetricsTarget | null {
  const target = readTarget(reading, 'METRICS');
  const intervalMs = reading.whole(60_000, 1, 'OTEL_METRIC_EXPORT_INTERVAL');
  const exportTimeoutMs = reading.whole(30_000, 1, 'OTEL_METRIC_EXPORT_TIMEOUT');
  const temporality = reading.choice(
    ['cumulative', 'delta', 'lowmemory'],
    'cumulative',
    'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE',
  );
  return target && { ...target, intervalMs, exportTimeoutMs, temporality };
}

/** Resource attributes of the environment win over ours, `OTEL_SERVICE_NAME` over all. */
function readResource(reading: Reading, service: ServiceIdentity): Attributes {
  const name = reading.text('OTEL_SERVICE_NAME');
  return {
    'service.namespace': 'millrace',
    'service.name': service.name,
    'service.version': service.version,
    'service.instance.id': service.instance,
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.name': 'millrace',
    'telemetry.sdk.version': service.version,
    ...readPairs(reading, 'OTEL_RESOURCE_ATTRIBUTES'),
    ...(name && { 'service.name': name }),
  };
}

function readBatch(reading: Reading): BatchSettings {
  const { batch } = TELEMETRY_OFF;
  const maxQueued = reading.whole(batch.maxQueued, 1, 'OTEL_BSP_MAX_QUEUE_SIZE');
  const maxBatch = reading.whole(Math.min(batch.maxBatch, maxQueued), 1, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE');
  if (maxBatch > maxQueued) {
    reading.refuse('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', `is ${maxBatch}; the queue holds only ${maxQueued}`);
  }
  return {
    maxQueued,
    maxBatch,
    delayMs: reading.whole(batch.delayMs, 1, 'OTEL_BSP_SCHEDULE_DELAY'),
    timeoutMs: reading.whole(batch.timeoutMs, 1, 'OTEL_BSP_EXPORT_TIMEOUT'),
  };
}

function readLimits(reading: Reading): SpanLimits {
  const { limits } = TELEMETRY_OFF;
  const common = (what: string) => [`OTEL_SPAN_ATTRIBUTE_${what}_LIMIT`, `OTEL_ATTRIBUTE_${what}_LIMIT`];
  return {
    valueLength: reading.whole(limits.valueLength, 0, ...common('VALUE_LENGTH')),
    attributes: reading.whole(limits.attributes, 0, ...common('COUNT')),
    events: reading.whole(limits.events, 0, 'OTEL_SPAN_EVENT_COUNT_LIMIT'),
    links: reading.whole(limits.links, 0, 'OTEL_SPAN_LINK_COUNT_LIMIT'),
  };
}

function readPropagators(reading: Reading): TelemetrySettings['propagators'] {
  const known = ['tracecontext', 'baggage', 'none'];
  const named = (reading.text('OTEL_PROPAGATORS') ?? 'tracecontext,baggage').toLowerCase().split(',');
  const asked = named.map((each) => each.trim());
  const strange = asked.filter((each) => !known.includes(each));
  if (strange.length > 0) {
    reading.refuse('OTEL_PROPAGATORS', `names ${strange.join(', ')}; must be of ${known.join(', ')}`);
  }
  const isNone = asked.includes('none');
  return {
    traceContext: !isNone && asked.includes('tracecontext'),
    baggage: !isNone && asked.includes('baggage'),
  };
}

/** As OpenTelemetry's own automatic instrumentation of Node is told, which names more than we have: those are nothing. */
function readInstrumentations(reading: Reading): TelemetrySettings['instrumentations'] {
  const named = (name: string) =>
    reading
      .text(name)
      ?.split(',')
      .map((each) => each.trim());
  const enabled: readonly string[] = named('OTEL_NODE_ENABLED_INSTRUMENTATIONS') ?? INSTRUMENTATIONS_UNASKED;
  const disabled = named('OTEL_NODE_DISABLED_INSTRUMENTATIONS') ?? [];
  return INSTRUMENTATIONS.filter((name) => enabled.includes(name) && !disabled.includes(name));
}
