export {
  type Counter,
  createCounter,
  createDurations,
  type Durations,
} from './counters.ts';
export { DURATION_EDGES } from './edges.ts';
export { createEventLoopMeter, type EventLoopMeter } from './event-loop.ts';
export {
  type DurationSample,
  durationFamily,
  type Labels,
  type MetricFamily,
  mergeFamilies,
  type NumberSample,
  numberFamily,
} from './family.ts';
export { createGcMeter, GC_KINDS, type GcKind, type GcMeter } from './gc-pauses.ts';
export {
  createDurationHistogram,
  type DurationCounts,
  type DurationHistogram,
  durationsSince,
} from './histogram.ts';
export { type HostCpu, readHostCpu } from './host-cpu.ts';
export {
  createMetricsPush,
  type MetricsPush,
  type MetricsPushDependencies,
  type MetricsPushStats,
} from './metrics-push.ts';
export { createProcessMeter, type ProcessMeter } from './process-meter.ts';
export { PROMETHEUS_TEXT_TYPE, prometheusText } from './prometheus-text.ts';
export {
  createServiceMetrics,
  type ServiceMetrics,
  type ServiceMetricsDependencies,
} from './service-metrics.ts';
