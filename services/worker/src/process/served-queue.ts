import type { Config } from '@millrace/core';
import type { Consumer, ConsumerOptions, CreateConsumer, StoreDependencies } from '@millrace/queue';
import { noOutcomes, type QueueActivity } from '../ipc.ts';
import { createJobDurations } from '../telemetry/job-durations.ts';
import { noCounts } from '../telemetry/queue-counts.ts';

/** One queue of this process: its consumer, and what became of its jobs. */
export interface ServedQueue {
  readonly consumer: Consumer;
  activity(): QueueActivity;
}

/** Builds the consumer of one queue and counts the outcomes that its jobs come to. */
export function serveQueue(
  config: Config,
  options: ConsumerOptions,
  createConsumer: CreateConsumer,
  dependencies: Pick<StoreDependencies, 'clock' | 'log'>,
): ServedQueue {
  const ended = noOutcomes();
  const durations = createJobDurations();
  const counts = noCounts();
  const { onAttemptEnd: record } = options;
  const run: ConsumerOptions['run'] = async (job, signal) => {
    const outcome = await options.run(job, signal);
    ended[outcome.kind] += 1;
    return outcome;
  };
  const onAttemptEnd: ConsumerOptions['onAttemptEnd'] = (attempt) => {
    durations.record(attempt);
    counts[attempt.outcome] += 1;
    record?.(attempt);
  };
  const consumer = createConsumer(config, { ...options, run, onAttemptEnd }, dependencies);
  return {
    consumer,
    activity() {
      const { stalled, lockRenewalFailed, ...now } = consumer.activity();
      return {
        queue: options.queue,
        ...now,
        ended: { ...ended },
        durations: durations.counts(),
        counts: { ...counts, stalled, lockRenewalFailed },
      };
    },
  };
}
