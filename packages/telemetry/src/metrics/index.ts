export { type Counter, createCounter, createDurations, type Durations } from './counters.ts';
export { DURATION_EDGES } from './edges.ts';
export {
  type DurationSample,
  type Labels,
  type MetricFamily,
  mergeFamilies,
  type NumberSample,
  numberFamily,
} from './family.ts';
export {
  createDurationHistogram,
  type DurationCounts,
  type DurationHistogram,
  durationsSince,
} from './histogram.ts';
export {
  createMetricsPush,
  type MetricsPush,
  type MetricsPushDependencies,
  type MetricsPushStats,
} from './metrics-push.ts';
export { PROMETHEUS_TEXT_TYPE, prometheusText } from './prometheus-text.ts';
