import type { WorkerOptions } from './library.ts';

/** What a stock worker is started with beside its connection and concurrency. */
export type Variant = Pick<WorkerOptions, 'lockDuration' | 'stalledInterval' | 'maxStalledCount'>;

/**
 * Stock BullMQ as it comes, and as tight as it can be set: a lock of 5 s and a check every second find a dead worker
 * soonest; anything below makes a worker whose event loop pauses for seconds lose jobs that it still runs (BullMQ's
 * guide to stalled jobs warns of it). `maxStalledCount` is high, so that no kill fails a job.
 */
export const VARIANTS = {
  defaults: {},
  tuned: { lockDuration: 5_000, stalledInterval: 1_000, maxStalledCount: 100 },
} as const satisfies Record<string, Variant>;

export type VariantName = keyof typeof VARIANTS;
