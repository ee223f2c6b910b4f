import { OUTCOME_KINDS } from '../ipc.ts';
import type { Census } from './census.ts';

/** What the pod itself adds to its census. */
export interface PodCounts {
  readonly restarts: number;
  readonly standbys: number;
  readonly processes: number;
}

/** A label's value as the exposition format wants it. */
const escapeLabel = (value: string) =>
  value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');

function metric(name: string, type: 'counter' | 'gauge', help: string, samples: readonly string[]): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map((sample) => `${name}${sample}`)];
}

function jobsEnded(census: Census): string[] {
  return [...census.ended()].flatMap(([queue, ended]) =>
    OUTCOME_KINDS.map((kind) => `{queue="${escapeLabel(queue)}",outcome="${kind}"} ${ended[kind]}`),
  );
}

/** Busy or all slots, summed over the pod's processes. */
function slots(census: Census, field: 'busy' | 'slots'): string[] {
  const sums = new Map<string, number>();
  for (const { activity } of census.active()) {
    for (const queue of activity.queues) sums.set(queue.queue, (sums.get(queue.queue) ?? 0) + queue[field]);
  }
  return [...sums].map(([queue, sum]) => `{queue="${escapeLabel(queue)}"} ${sum}`);
}

/** The pod's metrics in Prometheus' text format 0.0.4. */
export function metricsText(census: Census, pod: PodCounts): string {
  const processes = census.active();
  const lines = [
    ...metric('millrace_worker_jobs_total', 'counter', 'Handler runs that ended.', jobsEnded(census)),
    ...metric('millrace_worker_busy_slots', 'gauge', 'Jobs running now.', slots(census, 'busy')),
    ...metric('millrace_worker_slots', 'gauge', 'Jobs that may run at once.', slots(census, 'slots')),
    ...metric(
      'millrace_worker_event_loop_delay_seconds',
      'gauge',
      'Longest event-loop delay of the last second.',
      processes.map(({ slot, activity }) => `{slot="${slot}"} ${activity.loopDelayMs / 1000}`),
    ),
    ...metric(
      'millrace_worker_resident_memory_bytes',
      'gauge',
      'Resident memory of a worker process.',
      processes.map(({ slot, activity }) => `{slot="${slot}"} ${activity.rssBytes}`),
    ),
    ...metric('millrace_pod_processes', 'gauge', 'Worker processes in a slot.', [` ${pod.processes}`]),
    ...metric('millrace_pod_standbys', 'gauge', 'Warm standbys.', [` ${pod.standbys}`]),
    ...metric('millrace_pod_restarts_total', 'counter', 'Processes that ended unasked.', [
      ` ${pod.restarts}`,
    ]),
  ];
  return `${lines.join('\n')}\n`;
}
