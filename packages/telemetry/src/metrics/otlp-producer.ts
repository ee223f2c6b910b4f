import { ValueType } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';
import { createDeltas } from './deltas.ts';
import { DURATION_EDGES } from './edges.ts';
import { type DurationSample, type Labels, type MetricFamily, mergeFamilies } from './family.ts';
import { otlpAttributes, otlpName } from './otlp-names.ts';

/** From when and to when values count, and whether from the beginning or from the last time on. */
interface Frame {
  readonly times: Pick<DataPoint<unknown>, 'startTime' | 'endTime'>;
  readonly temporality: AggregationTemporality;
}

/** `[seconds, nanoseconds]` since 1970. */
function splitTime(atMs: number): [number, number] {
  const seconds = Math.floor(atMs / 1000);
  return [seconds, Math.round((atMs - seconds * 1000) * 1e6)];
}

function histogramOf({ durations }: DurationSample): Histogram {
  const counts = [...durations.counts];
  const count = counts.reduce((sum, each) => sum + each, 0);
  return { buckets: { boundaries: [...DURATION_EDGES], counts }, sum: durations.sum, count };
}

function pointsOf<S extends { readonly labels: Labels }, T>(
  samples: readonly S[],
  { times }: Frame,
  value: (sample: S) => T,
): DataPoint<T>[] {
  return samples.map((sample) => ({
    ...times,
    attributes: otlpAttributes(sample.labels),
    value: value(sample),
  }));
}

function metricData(family: MetricFamily, frame: Frame): MetricData {
  const base = {
    descriptor: { ...otlpName(family), description: family.help, valueType: ValueType.DOUBLE },
    aggregationTemporality: frame.temporality,
  };
  if (family.type === 'histogram') {
    const dataPoints = pointsOf(family.samples, frame, histogramOf);
    return { ...base, dataPointType: DataPointType.HISTOGRAM, dataPoints };
  }
  const dataPoints = pointsOf(family.samples, frame, ({ value }) => value);
  if (family.type === 'gauge') return { ...base, dataPointType: DataPointType.GAUGE, dataPoints };
  return { ...base, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
}

export interface FamilyProducerOptions {
  readonly collect: () => readonly MetricFamily[];
  readonly resource: Resource;
  /** Tell what totals rose by, not the totals. */
  readonly asDeltas: boolean;
  /** ms since 1970. */
  readonly nowMs: () => number;
}

/** What an SDK's reader asks besides its own instruments. A family without samples is left out: it tells nothing. */
export function createFamilyProducer(options: FamilyProducerOptions): MetricProducer {
  const { collect, resource, asDeltas, nowMs } = options;
  const { DELTA, CUMULATIVE } = AggregationTemporality;
  const deltas = asDeltas ? createDeltas() : null;
  const temporality = asDeltas ? DELTA : CUMULATIVE;
  let sinceMs = nowMs();

  function told(): MetricData[] {
    const families = mergeFamilies(collect()).filter(({ samples }) => samples.length > 0);
    const toMs = nowMs();
    const times = { startTime: splitTime(sinceMs), endTime: splitTime(toMs) };
    if (asDeltas) sinceMs = toMs;
    const values = deltas?.since(families) ?? families;
    return values.map((family) => metricData(family, { times, temporality }));
  }

  return {
    async collect() {
      const scopeMetrics = [{ scope: { name: 'millrace' }, metrics: told() }];
      return { resourceMetrics: { resource, scopeMetrics }, errors: [] };
    },
  };
}
