import type { Config } from './config/load.ts';

/** What one pod of a pool can do at once. */
export interface PodCapacity {
  readonly processes: number;
  /** Jobs of one queue at once in one process, on average. */
  readonly slots: number;
}

type Known = Pick<Config, 'queues' | 'worker' | 'pools'>;

/** What the configuration says of the pool's pods. Without a word it takes them to be sized as the reader itself is. */
function assumedCapacity({ pools, worker }: Known, pool: string): PodCapacity {
  const assumed = pools[pool]?.assumed;
  return {
    processes: assumed?.processes ?? worker.processes,
    slots: assumed?.concurrency ?? worker.concurrency,
  };
}

/**
 * Jobs of a queue at once in one pod of `pool`, where its pods were `seen` or are assumed (null). The configuration's word on
 * the queue goes before both.
 */
export function slotsPerPod(
  config: Known,
  pool: string,
  seen: PodCapacity | null,
): (queue: string) => number {
  const { processes, slots } = seen ?? assumedCapacity(config, pool);
  return (queue) => Math.max(1, Math.round(processes * (config.queues[queue]?.concurrency ?? slots)));
}
