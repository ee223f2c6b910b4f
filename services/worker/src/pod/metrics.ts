import type { Clock, Log } from '@millrace/core';
import {
  createServiceMetrics,
  durationFamily,
  GC_KINDS,
  type MetricFamily,
  type NumberSample,
  numberFamily,
  type ServiceMetrics,
  TELEMETRY_OFF,
  type TelemetrySettings,
} from '@millrace/telemetry';
import { OUTCOME_KINDS } from '../ipc.ts';
import type { BodyDurations } from '../telemetry/body-durations.ts';
import type { Census } from './census.ts';
import { queueFamilies } from './queue-families.ts';
import type { SpanIntake, SpanStats } from './span-intake.ts';
import type { QueueTotals } from './totals.ts';

/** What the pod itself adds to its census. */
export interface PodCounts {
  readonly restarts: number;
  readonly standbys: number;
  readonly processes: number;
}

function jobsEnded(queues: ReadonlyMap<string, QueueTotals>): NumberSample[] {
  return [...queues].flatMap(([queue, { ended }]) =>
    OUTCOME_KINDS.map((outcome) => ({ labels: { queue, outcome }, value: ended[outcome] })),
  );
}

type Active = ReturnType<Census['active']>;

/** Busy or all slots, summed over the pod's processes. */
function slotsOf(processes: Active, field: 'busy' | 'slots'): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { activity } of processes) {
    for (const queue of activity.queues) sums.set(queue.queue, (sums.get(queue.queue) ?? 0) + queue[field]);
  }
  return sums;
}

function slotFamilies(processes: Active): MetricFamily[] {
  const [busy, slots] = [slotsOf(processes, 'busy'), slotsOf(processes, 'slots')];
  const byQueue = (values: ReadonlyMap<string, number>) =>
    [...values].map(([queue, value]) => ({ labels: { queue }, value }));
  const ratios = [...slots].map(([queue, all]) => ({
    labels: { queue },
    value: all === 0 ? 0 : (busy.get(queue) ?? 0) / all,
  }));
  return [
    numberFamily('gauge', 'millrace_worker_busy_slots', 'Jobs running now.', byQueue(busy)),
    numberFamily('gauge', 'millrace_worker_slots', 'Jobs that may run at once.', byQueue(slots)),
    numberFamily('gauge', 'jobqueue_worker_busy_ratio', 'Busy slots ÷ all of the pod.', ratios),
  ];
}

function processFamilies(processes: Active): MetricFamily[] {
  const bySlot = (value: (activity: Active[number]['activity']) => number) =>
    processes.map(({ slot, activity }) => ({ labels: { slot }, value: value(activity) }));
  return [
    numberFamily(
      'gauge',
      'millrace_worker_event_loop_delay_seconds',
      'Longest event-loop delay of the last second.',
      bySlot(({ loopDelayMs }) => loopDelayMs / 1_000),
    ),
    numberFamily(
      'gauge',
      'millrace_worker_resident_memory_bytes',
      'Resident memory of a worker process.',
      bySlot(({ rssBytes }) => rssBytes),
    ),
    numberFamily(
      'gauge',
      'millrace_worker_heap_used_bytes',
      'Heap of JavaScript that a worker process uses.',
      bySlot(({ heapBytes }) => heapBytes),
    ),
    numberFamily(
      'counter',
      'millrace_worker_cpu_seconds_total',
      'CPU time of a worker process, from its start on.',
      bySlot(({ cpuMs }) => cpuMs / 1_000),
    ),
  ];
}

function bodyFamilies({ loopDelays, gcPauses }: BodyDurations): MetricFamily[] {
  return [
    durationFamily(
      'millrace_worker_loop_delay_seconds',
      'Longest delay of the event loop in each half second, of all worker processes.',
      [{ labels: {}, durations: loopDelays }],
    ),
    durationFamily(
      'millrace_worker_gc_pause_seconds',
      'Pauses for garbage collection of all worker processes, by kind.',
      GC_KINDS.map((kind) => ({ labels: { kind }, durations: gcPauses[kind] })),
    ),
  ];
}

function podFamilies({ processes, standbys, restarts }: PodCounts): MetricFamily[] {
  return [
    numberFamily('gauge', 'millrace_pod_processes', 'Worker processes in a slot.', processes),
    numberFamily('gauge', 'millrace_pod_standbys', 'Warm standbys.', standbys),
    numberFamily('counter', 'millrace_pod_restarts_total', 'Processes that ended unasked.', restarts),
  ];
}

/** What became of spans before they were the exporter's. */
function spanFamilies(spans: SpanStats | null): MetricFamily[] {
  return [
    numberFamily(
      'counter',
      'millrace_telemetry_spans_lost_total',
      'Spans that were kept and went with a process that was killed.',
      spans?.lost ?? 0,
    ),
    numberFamily(
      'counter',
      'millrace_telemetry_spans_dropped_total',
      'Spans that were given up, by reason.',
      [
        { labels: { reason: 'unread' }, value: spans?.unread ?? 0 },
        { labels: { reason: 'excess' }, value: spans?.excess ?? 0 },
      ],
    ),
  ];
}

export interface PodMetricsOptions {
  readonly census: Pick<Census, 'active' | 'ages' | 'totals'>;
  readonly counts: () => PodCounts;
  /** Null where no spans are made. */
  readonly spans: Pick<SpanIntake, 'stats'> | null;
  /** Bytes that its processes have written to their outputs. */
  readonly outputBytes: () => number;
  readonly telemetry: Pick<TelemetrySettings, 'metrics' | 'resource'> | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a pod tells of itself and its worker processes. */
export function createPodMetrics(options: PodMetricsOptions): ServiceMetrics {
  const { census, counts, spans, outputBytes, telemetry = TELEMETRY_OFF, clock, log } = options;
  const stats = () => spans?.stats() ?? null;

  function collect(): MetricFamily[] {
    const processes = census.active();
    const { queues, body } = census.totals();
    return [
      numberFamily('counter', 'millrace_worker_jobs_total', 'Handler runs that ended.', jobsEnded(queues)),
      ...slotFamilies(processes),
      ...queueFamilies(queues, census.ages(clock.monotonicMs())),
      ...processFamilies(processes),
      ...bodyFamilies(body),
      numberFamily(
        'counter',
        'millrace_worker_output_bytes_total',
        'What worker processes wrote to their outputs: their log, and what handlers print.',
        outputBytes(),
      ),
      ...podFamilies(counts()),
      ...spanFamilies(stats()),
    ];
  }
  return createServiceMetrics(telemetry, { collect, spans: stats, clock, log });
}
