import { type Facts, figure, grade } from './facts.ts';
import type { Finding } from './finding.ts';

const SLOW_MS = 20;
/** Commands a second of a store whose every PING meets an fsync, if most are slow. */
const BUSY = 500;

/**
 * Every acknowledged job waits for an fsync, and the disk takes its time. Only the longest fsync of a second is known, and a
 * good disk has a slow one now and then: where a store has much to write, a PING waits too, and tells whether most are.
 */
export function slowDisk(facts: Facts): Finding | null {
  const fsync = facts.metric('store', 'fsync_ms');
  const latency = facts.metric('store', 'latency_ms');
  if (!fsync.isTold || fsync.quantile(0.5) < SLOW_MS) return null;
  const isBusy = facts.metric('store', 'commands').quantile(0.5) >= BUSY;
  if (isBusy && latency.isTold && latency.quantile(0.5) < SLOW_MS) return null;
  const cpu = facts.metric('store', 'cpu_ratio');
  return {
    cause: 'slow_disk',
    evidence: [
      `the store's fsync took ${figure(fsync.quantile(0.5))} ms in the median second at its slowest, ${figure(fsync.max)} ms at worst`,
      ...(latency.isTold ? [`a PING beside it took ${figure(latency.quantile(0.5))} ms`] : []),
      ...(cpu.isTold
        ? [`the store used ${figure(cpu.mean * 100)} % of a core: it waited, it did not work`]
        : []),
    ],
    kind: 'accidental',
    experiment:
      'Move the store\'s files to another disk, or run once with durability "everysec" (up to 2 s of jobs may then be lost): if throughput jumps, it is the disk.',
    weight: 0.6 + 0.4 * grade(fsync.quantile(0.5), SLOW_MS, 200),
  };
}
