/**
 * The upper edges of the buckets of every duration that is told, in seconds: those that OpenTelemetry's messaging
 * conventions name (5 ms … 10 s), finer below, for an add or a small job takes less than 5 ms, and longer above, up to
 * an hour, for jobs wait and run longer than requests do.
 */
export const DURATION_EDGES: readonly number[] = [
  ...[0.001, 0.0025],
  ...[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
  ...[30, 60, 300, 900, 3600],
];
