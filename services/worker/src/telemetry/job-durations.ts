import type { EndedAttempt } from '@millrace/core';
import { createDurationHistogram, type DurationCounts } from '@millrace/telemetry';

/** How long the attempts of one queue took. Every attempt is in them, whatever is traced. */
export interface QueueDurations {
  /** From when it could have started until its handler began. */
  readonly wait: DurationCounts;
  /** From there until the handler's end. */
  readonly service: DurationCounts;
  /** From its hand-in to its end for good. */
  readonly total: DurationCounts;
  /** From the handler's end until the store's answer to it. */
  readonly settle: DurationCounts;
}

const SECOND_US = 1e6;

/** Counts durations of one queue in one process. */
export function createJobDurations() {
  const wait = createDurationHistogram();
  const service = createDurationHistogram();
  const total = createDurationHistogram();
  const settle = createDurationHistogram();
  return {
    /** What another process counted. */
    add(other: QueueDurations): void {
      wait.add(other.wait);
      service.add(other.service);
      total.add(other.total);
      settle.add(other.settle);
    },
    record({ outcome, enqueuedUs, dueUs, startedUs, endedUs, settledUs }: EndedAttempt): void {
      wait.record((startedUs - dueUs) / SECOND_US);
      service.record((endedUs - startedUs) / SECOND_US);
      settle.record((settledUs - endedUs) / SECOND_US);
      if (outcome === 'completed' || outcome === 'failed') total.record((endedUs - enqueuedUs) / SECOND_US);
    },
    counts: (): QueueDurations => ({
      wait: wait.counts(),
      service: service.counts(),
      total: total.counts(),
      settle: settle.counts(),
    }),
  };
}

/** What a queue that nothing ran in has to tell. */
export const noDurations = (): QueueDurations => createJobDurations().counts();
