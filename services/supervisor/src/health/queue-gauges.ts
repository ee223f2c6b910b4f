import { type Clock, type Log, messageOf, type WorkerStatus } from '@millrace/core';
import type { QueueSnapshot, Store } from '@millrace/queue';
import { type MetricFamily, type NumberSample, numberFamily } from '@millrace/telemetry';

const SAMPLE_MS = 5_000;
/** An older picture is told no more: an absent number is honest, an old one is not. */
const STALE_MS = 3 * SAMPLE_MS;

/** What the leader alone says of the queues, so that a sum over the supervisors counts each job once. */
export interface QueueGauges {
  /** Looks until `signal` aborts, with which it rejects. */
  watch(signal: AbortSignal): Promise<void>;
  /** None unless this one leads and has looked within 15 s. */
  families(): MetricFamily[];
}

export interface QueueGaugesDependencies {
  readonly store: Pick<Store, 'board' | 'queue' | 'connected'>;
  readonly leads: () => boolean;
  readonly workers: () => readonly Pick<WorkerStatus, 'state' | 'queues'>[];
  readonly clock: Clock;
  readonly log: Log;
}

type OfQueue = readonly [
  name: string,
  type: 'gauge' | 'counter',
  help: string,
  value: (queue: QueueSnapshot) => number,
];

const FAMILIES: readonly OfQueue[] = [
  ['depth', 'gauge', 'Jobs that count against the bound.', ({ depth }) => depth],
  ['bound', 'gauge', 'Most jobs waiting, prioritized or delayed.', ({ bound }) => bound],
  ['bytes', 'gauge', 'Bytes of the data of these jobs.', ({ bytes }) => bytes],
  ['max_bytes', 'gauge', 'Most bytes of these jobs.', ({ maxBytes }) => maxBytes],
  [
    'oldest_waiting_seconds',
    'gauge',
    'Age of the job that has waited longest; 0 when none waits.',
    ({ oldestWaitingMs }) => (oldestWaitingMs ?? 0) / 1_000,
  ],
  ['drain_per_second', 'gauge', 'Jobs that workers take a second.', ({ drainPerSecond }) => drainPerSecond],
  ['paused', 'gauge', '1 while nothing is taken, by order or by circuit.', ({ paused }) => (paused ? 1 : 0)],
  ['circuit_open', 'gauge', '1 while its pools have given up.', ({ circuit }) => (circuit ? 1 : 0)],
  ['refused_total', 'counter', 'Adds refused since the queue began.', ({ refused }) => refused],
];

const label = ({ name }: QueueSnapshot) => ({ queue: name });

/** By the names that dashboards for job queues agree on. */
function commonFamilies(queues: readonly QueueSnapshot[], states: readonly NumberSample[]): MetricFamily[] {
  return [
    numberFamily('gauge', 'jobqueue_jobs', 'Jobs by state.', states),
    numberFamily(
      'gauge',
      'jobqueue_oldest_waiting_age_seconds',
      'Age of the job that has waited longest; 0 when none waits.',
      queues.map((queue) => ({ labels: label(queue), value: (queue.oldestWaitingMs ?? 0) / 1_000 })),
    ),
    numberFamily(
      'gauge',
      'jobqueue_dead_letter_jobs',
      'Jobs that failed for good and are kept.',
      queues.map((queue) => ({ labels: label(queue), value: queue.counts.failed })),
    ),
  ];
}

function queueFamilies(
  queues: readonly QueueSnapshot[],
  workers: ReturnType<QueueGaugesDependencies['workers']>,
): MetricFamily[] {
  const serving = (queue: string) =>
    workers.filter((worker) => worker.state === 'running' && worker.queues.includes(queue)).length;
  const states = queues.flatMap((queue) =>
    Object.entries(queue.counts).map(([state, value]) => ({ labels: { ...label(queue), state }, value })),
  );
  const each = (value: (queue: QueueSnapshot) => number) =>
    queues.map((queue) => ({ labels: label(queue), value: value(queue) }));
  return [
    numberFamily('gauge', 'millrace_queue_jobs', 'Jobs by state.', states),
    numberFamily(
      'gauge',
      'millrace_queue_workers',
      'Running worker processes that serve it.',
      each(({ name }) => serving(name)),
    ),
    ...FAMILIES.map(([name, type, help, value]) =>
      numberFamily(type, `millrace_queue_${name}`, help, each(value)),
    ),
    ...commonFamilies(queues, states),
  ];
}

/** See {@link QueueGauges}. */
export function createQueueGauges(dependencies: QueueGaugesDependencies): QueueGauges {
  const { store, leads, clock, log } = dependencies;
  let sample: { readonly atMs: number; readonly queues: readonly QueueSnapshot[] } | null = null;

  async function look(): Promise<void> {
    const names = await store.board.queueNames();
    const queues: QueueSnapshot[] = [];
    // One after the other: a picture every few seconds is in no hurry, the jobs are.
    for (const name of [...names].sort()) queues.push(await store.queue(name).snapshot());
    sample = { atMs: clock.monotonicMs(), queues };
  }

  return {
    async watch(signal) {
      while (!signal.aborted) {
        if (leads() && store.connected) {
          await look().catch((error) =>
            log.debug({ error: messageOf(error) }, 'The queues were not counted'),
          );
        }
        await clock.sleep(SAMPLE_MS, signal);
      }
    },
    families() {
      if (sample === null || !leads() || clock.monotonicMs() - sample.atMs > STALE_MS) return [];
      return queueFamilies(sample.queues, dependencies.workers());
    },
  };
}
