import type { Labels, MetricFamily } from './family.ts';

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
