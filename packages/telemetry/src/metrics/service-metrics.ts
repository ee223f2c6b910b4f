import { type Clock, type Lifecycle, type Log, lifecycleGroup } from '@millrace/core';
import type { SpanExportStats } from '../export/span-export.ts';
import type { TelemetrySettings } from '../settings/settings.ts';
import { type MetricFamily, numberFamily } from './family.ts';
import { createMetricsPush, type MetricsPushStats } from './metrics-push.ts';
import { createProcessMeter } from './process-meter.ts';
import { prometheusText } from './prometheus-text.ts';

/** What a service tells: served as Prometheus' text, and pushed over OTLP where a receiver is named. */
export interface ServiceMetrics extends Lifecycle {
  families(): MetricFamily[];
  /** For `GET /metrics`. */
  text(): string;
}

export interface ServiceMetricsDependencies {
  /** What this service alone knows. */
  readonly collect: () => readonly MetricFamily[];
  /** Of its span exporter; null where it has none. */
  readonly spans?: () => SpanExportStats | null;
  readonly clock: Clock;
  readonly log: Log;
}

const NO_DROPS = { full: 0, refused: 0, stopped: 0, unfit: 0 };
const NO_SPANS: SpanExportStats = { exported: 0, queued: 0, dropped: NO_DROPS };

/** What became of what was to be sent: whoever looks at traces should know how many are missing. */
function telemetryFamilies(
  { exported, queued, dropped }: SpanExportStats,
  { sent, failed }: MetricsPushStats,
): MetricFamily[] {
  const drops = Object.entries(dropped).map(([reason, value]) => ({ labels: { reason }, value }));
  const pushes = Object.entries({ sent, failed }).map(([outcome, value]) => ({ labels: { outcome }, value }));
  return [
    numberFamily(
      'counter',
      'millrace_telemetry_spans_exported_total',
      'Spans that a collector took.',
      exported,
    ),
    numberFamily(
      'counter',
      'millrace_telemetry_spans_dropped_total',
      'Spans that were given up, by reason.',
      drops,
    ),
    numberFamily('gauge', 'millrace_telemetry_spans_queued', 'Spans that wait to be sent.', queued),
    numberFamily(
      'counter',
      'millrace_telemetry_metric_pushes_total',
      'Exports of metrics over OTLP.',
      pushes,
    ),
  ];
}

/** See {@link ServiceMetrics}. The last figures are pushed by its `stop`: stop it after what it tells of. */
export function createServiceMetrics(
  settings: Pick<TelemetrySettings, 'metrics' | 'resource'>,
  { collect, spans, clock, log }: ServiceMetricsDependencies,
): ServiceMetrics {
  const own = createProcessMeter(clock);
  const push = createMetricsPush(settings, { collect: families, clock, log });

  function families(): MetricFamily[] {
    const told = telemetryFamilies(spans?.() ?? NO_SPANS, push.stats());
    return [...collect(), ...own.families(), ...told];
  }
  return {
    ...lifecycleGroup([own, push]),
    families,
    text: () => prometheusText(families()),
  };
}
