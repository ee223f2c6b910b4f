import {
  type DurationCounts,
  durationFamily,
  type Labels,
  type MetricFamily,
  numberFamily,
} from '@millrace/telemetry';
import type { QueueCount } from '../telemetry/queue-counts.ts';
import type { Census } from './census.ts';
import type { QueueTotals } from './totals.ts';

type Queues = ReadonlyMap<string, QueueTotals>;

/** What the conventions for messaging want on everything about one operation on one queue. */
function labelsOf(queue: string, operation: 'process' | 'settle'): Labels {
  return {
    ...{
      messaging_system: 'bullmq',
      messaging_operation_name: operation,
      messaging_operation_type: operation,
    },
    messaging_destination_name: queue,
  };
}

function histogram(
  { name, help }: { readonly name: string; readonly help: string },
  queues: Queues,
  labels: (queue: string) => Labels,
  durations: (totals: QueueTotals) => DurationCounts,
): MetricFamily {
  const samples = [...queues].map(([queue, totals]) => ({
    labels: labels(queue),
    durations: durations(totals),
  }));
  return durationFamily(name, help, samples);
}

function counter(name: string, help: string, queues: Queues, count: QueueCount): MetricFamily {
  const samples = [...queues].map(([queue, { counts }]) => ({ labels: { queue }, value: counts[count] }));
  return numberFamily('counter', name, help, samples);
}

function durationFamilies(queues: Queues): MetricFamily[] {
  return [
    histogram(
      {
        name: 'messaging_process_duration_seconds',
        help: 'How long handlers ran.',
      },
      queues,
      (queue) => labelsOf(queue, 'process'),
      ({ durations }) => durations.service,
    ),
    histogram(
      {
        name: 'messaging_client_operation_duration_seconds',
        help: 'Time until the store answered: to an add on a producer, to the end of a job on a worker.',
      },
      queues,
      (queue) => labelsOf(queue, 'settle'),
      ({ durations }) => durations.settle,
    ),
    histogram(
      {
        name: 'jobqueue_wait_duration_seconds',
        help: 'From when an attempt could have started until it did.',
      },
      queues,
      (queue) => ({ queue }),
      ({ durations }) => durations.wait,
    ),
    histogram(
      {
        name: 'jobqueue_total_duration_seconds',
        help: 'From a job’s hand-in to its end for good.',
      },
      queues,
      (queue) => ({ queue }),
      ({ durations }) => durations.total,
    ),
  ];
}

/** Attempts whose end the store accepted; one that failed carries an error type, whether it is tried again or not. */
function consumed(queues: Queues): MetricFamily {
  const samples = [...queues].flatMap(([queue, { counts }]) => {
    const labels = labelsOf(queue, 'process');
    const { completed, failed, retried, returned } = counts;
    return [
      { labels, value: completed + returned },
      { labels: { ...labels, error_type: 'failed' }, value: failed },
      { labels: { ...labels, error_type: 'retried' }, value: retried },
    ];
  });
  return numberFamily(
    'counter',
    'messaging_client_consumed_messages_total',
    'Attempts at jobs that ended, by queue; those with an error_type failed, for good or to be retried.',
    samples,
  );
}

/** What this pod's processes counted of the queues, by the names that dashboards agree on. */
export function queueFamilies(queues: Queues, ages: ReturnType<Census['ages']>): MetricFamily[] {
  return [
    ...durationFamilies(queues),
    consumed(queues),
    counter('jobqueue_retries_total', 'Attempts that failed and will be tried again.', queues, 'retried'),
    counter(
      'jobqueue_stalled_total',
      'Jobs that were found without a lock and put back, by whoever found them.',
      queues,
      'stalled',
    ),
    counter(
      'jobqueue_lock_renewal_failed_total',
      'Locks of running jobs that the store did not renew.',
      queues,
      'lockRenewalFailed',
    ),
    numberFamily(
      'gauge',
      'jobqueue_worker_last_fetch_age_seconds',
      'How long ago a worker process asked for a job, had one, or had no store to ask.',
      ages.map(({ slot, queue, ageMs }) => ({ labels: { queue, slot }, value: ageMs / 1_000 })),
    ),
  ];
}
