import type { MetricValues } from '@millrace/measure';
import { riseOf, type Scrape, sumOf } from './exposition.ts';

/** Two looks, the earlier first. */
export type Looks<T> = readonly [before: T, after: T];

type Told<T> = { readonly [K in keyof T]: T[K] | undefined };

/** Leaves out what is not known. */
function known<T extends object>(values: Told<T>): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value))) as T;
}

const milli = (seconds: number | undefined) => (seconds === undefined ? undefined : seconds * 1_000);

/** The mean of what a histogram was told between two looks; undefined of nothing. */
function meanRise(looks: Looks<Scrape>, name: string): number | undefined {
  const count = riseOf(looks, `${name}_count`);
  const sum = riseOf(looks, `${name}_sum`);
  return count && sum !== undefined ? sum / count : undefined;
}

/** What every service tells of its own process. */
function processValues(looks: Looks<Scrape>) {
  const [, after] = looks;
  return {
    // It tells the longest delay of each second, so there is one in a second.
    loop_delay_ms: milli(meanRise(looks, 'millrace_event_loop_delay_seconds')),
    gc_ms: milli(riseOf(looks, 'millrace_gc_pause_seconds_sum')),
    cpu_ms: milli(riseOf(looks, 'process_cpu_seconds_total')),
    rss: sumOf(after, 'process_resident_memory_bytes'),
    log_lines: riseOf(looks, 'millrace_log_lines_total'),
  };
}

export function producerValues(
  looks: Looks<Scrape>,
  queue: { readonly name: string; readonly depth: number | null; readonly bound: number },
): MetricValues['producer'] {
  const of = { queue: queue.name };
  return known<MetricValues['producer']>({
    ...processValues(looks),
    accepted: riseOf(looks, 'millrace_jobs_admitted_total', of),
    refused: riseOf(looks, 'millrace_adds_refused_total', { ...of, code: 'queue_full' }),
    depth: queue.depth ?? undefined,
    bound: queue.bound,
  });
}

export const supervisorValues = (looks: Looks<Scrape>): MetricValues['supervisor'] =>
  known<MetricValues['supervisor']>(processValues(looks));

/** A worker process; what its pod tells of all processes is shared among them. Its slots are the queue's. */
export function workerValues(
  looks: Looks<Scrape>,
  worker: {
    readonly slot: number;
    readonly queue: { readonly name: string; readonly concurrency?: number | undefined };
    readonly processes: number;
  },
): MetricValues['worker'] {
  const [, after] = looks;
  const of = { slot: String(worker.slot) };
  const gc = milli(riseOf(looks, 'millrace_worker_gc_pause_seconds_sum'));
  const inQueue = { queue: worker.queue.name };
  const share = (value: number | undefined) =>
    value === undefined ? undefined : value / Math.max(1, worker.processes);
  const slots = sumOf(after, 'millrace_worker_slots', inQueue);
  const printed = riseOf(looks, 'millrace_worker_output_bytes_total');
  return known<MetricValues['worker']>({
    loop_delay_ms: milli(sumOf(after, 'millrace_worker_event_loop_delay_seconds', of)),
    gc_ms: share(gc),
    cpu_ms: milli(riseOf(looks, 'millrace_worker_cpu_seconds_total', of)),
    rss: sumOf(after, 'millrace_worker_resident_memory_bytes', of),
    heap_used: sumOf(after, 'millrace_worker_heap_used_bytes', of),
    busy: share(sumOf(after, 'millrace_worker_busy_slots', inQueue)),
    slots: share(slots && Math.min(slots, worker.queue.concurrency ?? slots)),
    log_bytes: share(printed),
  });
}

/** What the store said of itself. */
export interface StoreLook {
  /** Until it had answered, connection included. */
  readonly latencyMs: number;
  /** The fields of INFO. */
  readonly info: ReadonlyMap<string, number>;
  /** Longest fsyncs by the second (since 1970) in which they were; null where the store does not watch them. */
  readonly fsyncs: readonly (readonly [second: number, ms: number])[] | null;
  readonly atMs: number;
}

/** Reads the text of INFO: every field that is a number. */
export function parseInfo(text: string): ReadonlyMap<string, number> {
  const fields = text.split('\r\n').flatMap((line) => {
    const colon = line.indexOf(':');
    const value = Number(line.slice(colon + 1));
    return colon < 1 || Number.isNaN(value) ? [] : [[line.slice(0, colon), value] as const];
  });
  return new Map(fields);
}

const MAIN_CPU = ['used_cpu_user_main_thread', 'used_cpu_sys_main_thread'] as const;

export function storeValues([before, after]: Looks<StoreLook>): MetricValues['store'] {
  const rise = (field: string) =>
    (after.info.get(field) ?? Number.NaN) - (before.info.get(field) ?? Number.NaN);
  const seconds = (after.atMs - before.atMs) / 1_000;
  const used = after.info.get('used_memory');
  const most = after.info.get('maxmemory');
  const longest = after.fsyncs
    ?.filter(([second]) => second * 1_000 >= before.atMs - 1_000)
    .map(([, ms]) => ms);
  return known<MetricValues['store']>({
    latency_ms: after.latencyMs,
    cpu_ratio: MAIN_CPU.reduce((sum, field) => sum + rise(field), 0) / seconds,
    fsync_ms: longest && Math.max(0, ...longest),
    used_bytes: used,
    memory_ratio: used !== undefined && most ? used / most : undefined,
    commands: rise('total_commands_processed'),
  });
}

/** CPU time of the machine since its start, over all cores, in ticks of any length. */
export interface HostLook {
  readonly busy: number;
  readonly steal: number;
  readonly all: number;
  readonly load: number;
}

/** Reads the first line of `/proc/stat`; null for what is none. */
export function parseProcStat(text: string, load: number): HostLook | null {
  const line = /^cpu +([\d ]+)$/m.exec(text)?.[1];
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0, steal = 0] =
    line?.trim().split(/ +/).map(Number) ?? [];
  if (line === undefined) return null;
  const busy = user + nice + system + irq + soft;
  return { busy, steal, all: busy + idle + wait + steal, load };
}

/** `ownCpuMs` is what this platform's processes used between the looks, of `coreMs` that there were. */
export function hostValues(
  [before, after]: Looks<HostLook>,
  ownCpuMs: number,
  coreMs: number,
): MetricValues['host'] {
  const all = after.all - before.all;
  return known<MetricValues['host']>({
    steal_ratio: (after.steal - before.steal) / all,
    cpu_ratio: (after.busy - before.busy) / all,
    own_cpu_ratio: ownCpuMs / coreMs,
    load: after.load,
  });
}
