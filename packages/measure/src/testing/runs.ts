import type { MetricsEvent, MetricsSource, RunEvent, RunEventLine } from '../events.ts';

export const RUN: RunEvent = {
  event: 'run',
  schema: 1,
  system: 'millrace',
  run_id: 'r1',
  started_unix_us: 1_700_000_000_000_000,
  versions: { millrace: '0.1.0' },
  build: { profile: 'release' },
  threads: 4,
  cpu: 'some cpu',
  cores: 2,
  kernel: 'Linux 6',
  load: 0.5,
  commit: 'abc',
  ns_per_step: 1.3,
  deviations: [],
  config: {
    ...{ seed: 42, jobs: 2_000, workers: 64, queue_bound: 256, rate: 200, payload_bytes: 128 },
    ...{
      work_min: 200,
      work_max: 2_000,
      sleep_min: 1,
      sleep_max: 20,
      sleep_mul: 1,
      work_mul: 1,
      work_div: 1,
    },
    ...{ tail_per_mille: 10, tail_factor: 20, block_per_mille: 0, block_ms: 0, alloc_bytes: 0 },
  },
};

/** How an example run goes; all in ms. */
export interface RunShape {
  readonly config?: RunEvent['config'];
  readonly run?: Partial<RunEvent>;
  readonly jobs?: number;
  readonly everyMs?: number;
  readonly waitMs?: (id: number) => number;
  readonly serviceMs?: (id: number) => number;
  /** Values that differ from the healthy ones, by source. */
  readonly metrics?: Partial<Record<MetricsSource, Readonly<Record<string, number | null>>>>;
  /** Figures that change from second to second. */
  readonly metricsAt?: (second: number) => Partial<Record<MetricsSource, Readonly<Record<string, number>>>>;
  readonly more?: readonly RunEventLine[];
}

/** What a healthy run's figures are like. */
const HEALTHY: Readonly<Record<MetricsSource, Readonly<Record<string, number>>>> = {
  worker: { loop_delay_ms: 12, gc_ms: 10, cpu_ms: 180, rss: 1.5e8, busy: 1, slots: 16, log_lines: 0 },
  producer: { loop_delay_ms: 8, cpu_ms: 200, accepted: 200, refused: 0, accepted_bytes: 40_000, depth: 3 },
  supervisor: { loop_delay_ms: 6, cpu_ms: 30 },
  store: { latency_ms: 2, cpu_ratio: 0.2, fsync_ms: 3, used_bytes: 3e6, memory_ratio: 0.01 },
  host: { steal_ratio: 0, cpu_ratio: 0.5, own_cpu_ratio: 0.45, load: 1 },
  collector: { lag_ms: 40, cpu_ms: 50 },
};

function metricsLine(source: MetricsSource, name: string, second: number, shape: RunShape): MetricsEvent {
  const all = { ...HEALTHY[source], ...shape.metrics?.[source], ...shape.metricsAt?.(second)[source] };
  const values = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
  return { event: 'metrics', source, name, at_us: second * 1e6, values: values as Record<string, number> };
}

function metricsOf(shape: RunShape, seconds: number): MetricsEvent[] {
  const told = [
    ...['w0', 'w1', 'w2', 'w3'].map((name) => ['worker', name] as const),
    ...(['producer', 'supervisor', 'store', 'host', 'collector'] as const).map((one) => [one, one] as const),
  ];
  return Array.from({ length: seconds }, (_, i) => i + 1).flatMap((second) =>
    told.map(([source, name]) => metricsLine(source, name, second, shape)),
  );
}

/** The lines of a run: 200 jobs a second for ten seconds, healthy but for what `shape` says. */
export function exampleRun(shape: RunShape = {}): RunEventLine[] {
  const { jobs = 2_000, everyMs = 5, waitMs = () => 2, serviceMs = (id) => 6 + (id % 11) } = shape;
  const run = { ...RUN, ...shape.run, config: { ...RUN.config, jobs, ...shape.config } };
  const done = Array.from({ length: jobs }, (_, id): RunEventLine => {
    const scheduled_us = Math.round(id * everyMs * 1_000);
    const started_us = scheduled_us + Math.round(waitMs(id) * 1_000);
    return {
      ...{ event: 'job_done', id, producer: id % 4, worker: `w${id % 4}`, slot: id % 4, attempt: 1 },
      ...{ scheduled_us, enqueued_us: scheduled_us, started_us },
      ...{ done_us: started_us + Math.round(serviceMs(id) * 1_000), checksum: id, ok: true },
    };
  });
  const seconds = Math.ceil((jobs * everyMs) / 1_000);
  return [run, ...done, ...metricsOf(shape, seconds), ...(shape.more ?? [])];
}

/** Lines as the bytes of a file, in chunks that end anywhere. */
export async function* bytesOf(lines: readonly unknown[], chunk = 65_536): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(
    lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''),
  );
  for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
}
