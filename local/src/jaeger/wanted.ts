import type { Host } from '../host.ts';

/** Whoever sets one of these says himself where telemetry goes, or that it goes nowhere. */
const SAID = [
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
  'OTEL_TRACES_EXPORTER',
  'OTEL_METRICS_EXPORTER',
] as const;

/** Whether the environment leaves open where traces go, so that a Jaeger of our own may take them. */
export function leavesTracesOpen(env: Host['env']): boolean {
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return false;
  return SAID.every((name) => (env[name] ?? '').trim() === '');
}
