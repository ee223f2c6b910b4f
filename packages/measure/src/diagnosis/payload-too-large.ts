import { bytesText, type Facts, figure, grade } from './facts.ts';
import type { Finding } from './finding.ts';

const LARGE_BYTES = 32 * 1_024;

/** Bytes of data that a job carries in the mean; null where nothing tells. */
function payloadOf(facts: Facts): number | null {
  const bytes = facts.metric('producer', 'accepted_bytes').sum;
  const jobs = facts.metric('producer', 'accepted').sum;
  return bytes > 0 && jobs > 0 ? bytes / jobs : facts.config('payload_bytes');
}

/** Jobs carry so much that moving it costs more than the jobs. */
export function payloadTooLarge(facts: Facts): Finding | null {
  const bytes = payloadOf(facts);
  if (bytes === null || bytes < LARGE_BYTES) return null;
  const { mean } = facts.run.throughput;
  const store = facts.metric('store', 'cpu_ratio');
  return {
    cause: 'payload_too_large',
    evidence: [
      `a job carries ${bytesText(bytes)} in the mean; at ${figure(mean)} jobs a second that is ${bytesText(bytes * mean)} a second, through the producer, the store, its log and a worker each`,
      ...(store.isTold
        ? [`the store's main thread was busy for ${figure(store.mean * 100)} % of the time`]
        : []),
    ],
    kind: 'accidental',
    experiment:
      'Put the data where it belongs (object store, database) and carry its key in the job; run again with 1 KiB and compare throughput and store CPU.',
    weight: 0.6 + 0.4 * grade(bytes, LARGE_BYTES, 256 * 1_024),
  };
}
