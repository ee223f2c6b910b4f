import { type Clock, type Lifecycle, lifecycle, logged } from '@millrace/core';
import { createEventLoopMeter } from './event-loop.ts';
import { durationFamily, type MetricFamily, numberFamily } from './family.ts';
import { createGcMeter } from './gc-pauses.ts';
import { readHostCpu } from './host-cpu.ts';

/** What every service tells of its own process and of the machine below it. */
export interface ProcessMeter extends Lifecycle {
  families(): MetricFamily[];
}

function hostFamilies(): MetricFamily[] {
  const host = readHostCpu();
  if (host === null) return [];
  return [
    numberFamily(
      'counter',
      'millrace_host_cpu_seconds_total',
      'CPU time of the machine, over all of its CPUs.',
      host.totalSeconds,
    ),
    numberFamily(
      'counter',
      'millrace_host_steal_seconds_total',
      'Of that, what the host below kept for others.',
      host.stealSeconds,
    ),
  ];
}

/** By the names that every client of Prometheus gives them. */
function bodyFamilies(startedAtMs: number): MetricFamily[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return [
    numberFamily('counter', 'process_cpu_seconds_total', 'CPU time of this process.', (user + system) / 1e6),
    numberFamily('gauge', 'process_resident_memory_bytes', 'Resident memory of this process.', rss),
    numberFamily('gauge', 'millrace_heap_used_bytes', 'Heap of JavaScript that is in use.', heapUsed),
    numberFamily(
      'gauge',
      'process_start_time_seconds',
      'When this process began, in seconds since 1970.',
      startedAtMs / 1e3,
    ),
  ];
}

function logFamilies(): MetricFamily[] {
  const { lines, bytes } = logged();
  return [
    numberFamily('counter', 'millrace_log_lines_total', 'Lines that this process logged.', lines),
    numberFamily('counter', 'millrace_log_bytes_total', 'Bytes of these lines.', bytes),
  ];
}

/** See {@link ProcessMeter}. Between `start` and `stop` it samples the event loop and hears of garbage collections. */
export function createProcessMeter(clock: Clock): ProcessMeter {
  const startedAtMs = clock.nowMs() - process.uptime() * 1e3;
  const loop = createEventLoopMeter(clock);
  const gc = createGcMeter();
  const parts = [loop, gc];
  return {
    ...lifecycle(
      async () => {
        for (const part of parts) part.start();
      },
      async () => {
        for (const part of parts) part.stop();
      },
    ),
    families() {
      const { activeSeconds, idleSeconds } = loop.busy();
      return [
        ...bodyFamilies(startedAtMs),
        durationFamily(
          'millrace_event_loop_delay_seconds',
          'Longest delay of the event loop in each second.',
          [{ labels: {}, durations: loop.delays() }],
        ),
        numberFamily(
          'counter',
          'millrace_event_loop_seconds_total',
          'What the event loop did with its time.',
          [
            { labels: { state: 'active' }, value: activeSeconds },
            { labels: { state: 'idle' }, value: idleSeconds },
          ],
        ),
        durationFamily(
          'millrace_gc_pause_seconds',
          'Pauses for garbage collection, by kind.',
          [...gc.pauses()].map(([kind, durations]) => ({ labels: { kind }, durations })),
        ),
        ...logFamilies(),
        ...hostFamilies(),
      ];
    },
  };
}
