import { DURATION_EDGES } from './edges.ts';
import { type DurationSample, type Labels, type MetricFamily, mergeFamilies } from './family.ts';

/** Attributes of OpenTelemetry's conventions by the names that Prometheus gives them. */
const CONVENTION_ATTRIBUTES: Readonly<Record<string, string>> = {
  messaging_system: 'messaging.system',
  messaging_operation_name: 'messaging.operation.name',
  messaging_operation_type: 'messaging.operation.type',
  messaging_destination_name: 'messaging.destination.name',
  error_type: 'error.type',
};

/** Prometheus' unit at the end of a name → that of UCUM. */
const UNITS: readonly (readonly [suffix: string, unit: string])[] = [
  ['_seconds', 's'],
  ['_bytes', 'By'],
  ['_ratio', '1'],
];

/** A metric as OpenTelemetry names it: without what Prometheus makes of unit and kind, which it adds again. */
export interface OtlpName {
  readonly name: string;
  readonly unit: string;
}

/** `a_seconds_total` → `a` in s; the name of the conventions where there is one. */
export function otlpName({ name, convention }: Pick<MetricFamily, 'name' | 'convention'>): OtlpName {
  const bare = name.replace(/_total$/, '');
  const [suffix, unit] = UNITS.find(([end]) => bare.endsWith(end)) ?? ['', ''];
  return { name: convention ?? bare.slice(0, bare.length - suffix.length), unit };
}

export function otlpAttributes(labels: Labels): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [CONVENTION_ATTRIBUTES[name] ?? name, value]),
  );
}

/** `[seconds, nanoseconds]` since 1970, as the SDK has its times. */
export type SplitTime = [number, number];

export function splitTime(atMs: number): SplitTime {
  return [Math.floor(atMs / 1000), Math.round((atMs % 1000) * 1e6)];
}

/** What an SDK's numbers mean; given, since this module loads none. */
export interface SdkWords {
  readonly cumulative: number;
  readonly int: number;
  readonly double: number;
  readonly sum: number;
  readonly gauge: number;
  readonly histogram: number;
}

function histogramValue({ durations }: DurationSample) {
  const counts = [...durations.counts];
  const count = counts.reduce((sum, each) => sum + each, 0);
  return { buckets: { boundaries: [...DURATION_EDGES], counts }, sum: durations.sum, count };
}

/**
 * Families as the SDK's `MetricData`, cumulative since `startMs`. Those without samples are left out: there is nothing to
 * tell of them.
 */
export function otlpMetrics(
  families: readonly MetricFamily[],
  startMs: number,
  nowMs: number,
  words: SdkWords,
): object[] {
  const times = { startTime: splitTime(startMs), endTime: splitTime(nowMs) };
  const told = mergeFamilies(families).filter(({ samples }) => samples.length > 0);
  return told.map((family) => {
    const { help: description, type } = family;
    const descriptor = { ...otlpName(family), description, valueType: words.double };
    const kind = { counter: words.sum, gauge: words.gauge, histogram: words.histogram }[type];
    const dataPoints =
      family.type === 'histogram'
        ? family.samples.map((sample) => ({
            ...times,
            attributes: otlpAttributes(sample.labels),
            value: histogramValue(sample),
          }))
        : family.samples.map(({ labels, value }) => ({
            ...times,
            attributes: otlpAttributes(labels),
            value,
          }));
    const shape = type === 'counter' ? { isMonotonic: true } : {};
    return {
      descriptor,
      aggregationTemporality: words.cumulative,
      dataPointType: kind,
      dataPoints,
      ...shape,
    };
  });
}
