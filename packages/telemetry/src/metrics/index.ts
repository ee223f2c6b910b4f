export { DURATION_EDGES } from './edges.ts';
export {
  createDurationHistogram,
  type DurationCounts,
  type DurationHistogram,
  durationsSince,
} from './histogram.ts';
