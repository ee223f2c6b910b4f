import { type Clock, type Log, messageOf, type WorkerStatus } from '@millrace/core';
import type { QueueSnapshot, Store } from '@millrace/queue';

const SAMPLE_MS = 5_000;
/** An older picture is told no more: an absent number is honest, an old one is not. */
const STALE_MS = 3 * SAMPLE_MS;

/** What the leader alone says of the queues, so that a sum over the supervisors counts each job once. */
export interface QueueGauges {
  /** Looks until `signal` aborts, with which it rejects. */
  watch(signal: AbortSignal): Promise<void>;
  /** Prometheus text; empty unless this one leads and has looked within 15 s. */
  text(): string;
}

export interface QueueGaugesDependencies {
  readonly store: Pick<Store, 'board' | 'queue' | 'connected'>;
  readonly leads: () => boolean;
  readonly workers: () => readonly Pick<WorkerStatus, 'state' | 'queues'>[];
  readonly clock: Clock;
  readonly log: Log;
}

type Family = readonly [
  name: string,
  type: 'gauge' | 'counter',
  help: string,
  value: (queue: QueueSnapshot) => number,
];

const FAMILIES: readonly Family[] = [
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

const escapeLabel = (value: string) =>
  value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');

function family(name: string, type: string, help: string, samples: readonly string[]): string[] {
  const full = `millrace_queue_${name}`;
  return [`# HELP ${full} ${help}`, `# TYPE ${full} ${type}`, ...samples.map((sample) => full + sample)];
}

function queueText(
  queues: readonly QueueSnapshot[],
  workers: ReturnType<QueueGaugesDependencies['workers']>,
): string {
  const serving = (queue: string) =>
    workers.filter((worker) => worker.state === 'running' && worker.queues.includes(queue)).length;
  const label = (queue: QueueSnapshot) => `queue="${escapeLabel(queue.name)}"`;
  const states = queues.flatMap((queue) =>
    Object.entries(queue.counts).map(([state, jobs]) => `{${label(queue)},state="${state}"} ${jobs}`),
  );
  const lines = [
    ...family('jobs', 'gauge', 'Jobs by state.', states),
    ...family(
      'workers',
      'gauge',
      'Running worker processes that serve it.',
      queues.map((queue) => `{${label(queue)}} ${serving(queue.name)}`),
    ),
    ...FAMILIES.flatMap(([name, type, help, value]) =>
      family(
        name,
        type,
        help,
        queues.map((queue) => `{${label(queue)}} ${value(queue)}`),
      ),
    ),
  ];
  return `${lines.join('\n')}\n`;
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
    text() {
      if (sample === null || !leads() || clock.monotonicMs() - sample.atMs > STALE_MS) return '';
      return queueText(sample.queues, dependencies.workers());
    },
  };
}
