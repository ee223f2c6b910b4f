import type { Labels, MetricFamily } from './family.ts';

/** Attributes of OpenTelemetry's conventions by the names that Prometheus gives them. */
const CONVENTION_ATTRIBUTES: Readonly<Record<string, string>> = {
  messaging_system: 'messaging.system',
  messaging_operation_name: 'messaging.operation.name',
  messaging_operation_type: 'messaging.operation.type',
  messaging_destination_name: 'messaging.destination.name',
  error_type: 'error.type',
};

/** Metrics of OpenTelemetry's conventions by the names that Prometheus gives them. */
const CONVENTION_NAMES: Readonly<Record<string, string>> = {
  messaging_process_duration_seconds: 'messaging.process.duration',
  messaging_client_operation_duration_seconds: 'messaging.client.operation.duration',
  messaging_client_sent_messages_total: 'messaging.client.sent.messages',
  messaging_client_consumed_messages_total: 'messaging.client.consumed.messages',
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
export function otlpName({ name }: Pick<MetricFamily, 'name'>): OtlpName {
  const bare = name.replace(/_total$/, '');
  const [suffix, unit] = UNITS.find(([end]) => bare.endsWith(end)) ?? ['', ''];
  return { name: CONVENTION_NAMES[name] ?? bare.slice(0, bare.length - suffix.length), unit };
}

export function otlpAttributes(labels: Labels): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [CONVENTION_ATTRIBUTES[name] ?? name, value]),
  );
}
