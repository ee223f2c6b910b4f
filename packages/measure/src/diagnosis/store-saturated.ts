import { type Facts, figure, grade, percent } from './facts.ts';
import type { Finding } from './finding.ts';
import { isNoisy } from './noisy-host.ts';

const BUSY = 0.85;
const SLOW_MS = 40;
/**
 * A store that waits for its disk is slow too, and idle: a PING waits for the fsync under way and for that of its own turn.
 * More than twice as long as these is not the disk's.
 */
const FSYNCS_A_PING = 2;

/** The store answers late because its one thread has no time left. */
export function storeSaturated(facts: Facts): Finding | null {
  const cpu = facts.metric('store', 'cpu_ratio');
  const latency = facts.metric('store', 'latency_ms');
  const fsync = facts.metric('store', 'fsync_ms').quantile(0.5);
  const busy = cpu.isTold ? cpu.quantile(0.5) : 0;
  const slow = latency.isTold ? latency.quantile(0.5) : 0;
  const isHeld = slow >= (isNoisy(facts) ? 2 : 1) * SLOW_MS && slow > 2 * FSYNCS_A_PING * fsync;
  if (busy < BUSY && !isHeld) return null;
  return {
    cause: 'store_saturated',
    evidence: [
      ...(cpu.isTold ? [`the store's main thread was busy for ${percent(busy)} of the time (median)`] : []),
      ...(latency.isTold
        ? [
            `a PING took ${figure(slow)} ms in the median second at its slowest, ${figure(latency.max)} ms at worst`,
          ]
        : []),
    ],
    kind: 'fundamental',
    experiment:
      'Look at SLOWLOG and at the commands a job costs; halve the offered rate: if the latency falls at once, the store is the limit, and the queue must be split over shards.',
    weight: 0.5 + 0.5 * Math.max(grade(busy, BUSY, 1), isHeld ? grade(slow, SLOW_MS, 200) : 0),
  };
}
