import type { Config } from '@millrace/core';
import type { Consumer, ConsumerOptions, CreateConsumer, StoreDependencies } from '@millrace/queue';
import { noOutcomes, type QueueActivity } from '../ipc.ts';
import { createJobDurations } from '../telemetry/job-durations.ts';

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
  const { onAttemptEnd: record } = options;
  const run: ConsumerOptions['run'] = async (job, signal) => {
    const outcome = await options.run(job, signal);
    ended[outcome.kind] += 1;
    return outcome;
  };
  const onAttemptEnd: ConsumerOptions['onAttemptEnd'] = (attempt) => {
    durations.record(attempt);
    record?.(attempt);
  };
  const consumer = createConsumer(config, { ...options, run, onAttemptEnd }, dependencies);
  return {
    consumer,
    activity: () => ({
      queue: options.queue,
      ...consumer.activity(),
      ended: { ...ended },
      durations: durations.counts(),
    }),
  };
}
