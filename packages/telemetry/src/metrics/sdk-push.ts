import { ExportResultCode } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import type { TelemetrySettings } from '../settings/settings.ts';
import type { Attributes } from '../span-record.ts';
import type { MetricFamily } from './family.ts';
import { openExporter } from './metric-exporter.ts';
import { createFamilyProducer } from './otlp-producer.ts';

export interface OpenPushOptions {
  readonly target: NonNullable<TelemetrySettings['metrics']>;
  readonly resource: Attributes;
  readonly collect: () => readonly MetricFamily[];
  /** Of every export: undefined when it was taken. */
  readonly told: (error: unknown) => void;
  readonly nowMs: () => number;
}

/** The exporter, and what became of its exports. */
function watched(exporter: PushMetricExporter, told: (error: unknown) => void): PushMetricExporter {
  return {
    export: (metrics, done) =>
      exporter.export(metrics, (result) => {
        const isTaken = result.code === ExportResultCode.SUCCESS;
        told(isTaken ? undefined : (result.error ?? new Error('the export failed')));
        done(result);
      }),
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}

/** Begins to push. What it resolves with pushes once more and ends it. */
export async function openPush(options: OpenPushOptions): Promise<() => Promise<void>> {
  const { target, collect, told, nowMs } = options;
  const resource = resourceFromAttributes({ ...options.resource } as Record<string, string>);
  const asDeltas = target.temporality !== 'cumulative';
  const reader = new PeriodicExportingMetricReader({
    exporter: watched(await openExporter(target), told),
    exportIntervalMillis: target.intervalMs,
    // The SDK refuses a longer one.
    exportTimeoutMillis: Math.min(target.exportTimeoutMs, target.intervalMs),
    metricProducers: [createFamilyProducer({ collect, resource, asDeltas, nowMs })],
  });
  const provider = new MeterProvider({ resource, readers: [reader] });
  return () => provider.shutdown();
}
