/**
 * The lines of an events file, as bench/events.schema.json holds them. One line an event, one writer a run; times are
 * µs since the run's start on a monotonic clock.
 */

/** First line: what was run, on what, by whom. */
export interface RunEvent {
  readonly event: 'run';
  readonly schema: 1;
  readonly system: string;
  readonly run_id: string;
  readonly started_unix_us: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly build: Readonly<Record<string, string | number | boolean>>;
  readonly threads: number;
  readonly cpu: string;
  readonly cores: number;
  readonly kernel: string;
  readonly load: number;
  readonly commit: string;
  readonly ns_per_step: number;
  readonly deviations: readonly string[];
  readonly config: Readonly<Record<string, string | number | boolean>>;
}

/** A job's one right end. */
export interface JobDoneEvent {
  readonly event: 'job_done';
  readonly id: number;
  readonly producer: number;
  readonly worker: string;
  readonly slot: number | null;
  readonly attempt: number;
  readonly scheduled_us: number;
  readonly enqueued_us: number;
  readonly started_us: number;
  readonly done_us: number;
  readonly checksum: number;
  readonly ok: boolean;
}

/** An attempt that ended in an error, whether or not another followed. */
export interface JobFailedEvent {
  readonly event: 'job_failed';
  readonly id: number;
  readonly attempt: number;
  readonly error: string;
  /** When the handler began, where it is known. */
  readonly started_us?: number;
  readonly at_us: number;
}

/** A job that was running when its worker died, as it was given back to the queue. Its next line tells when it ran again. */
export interface JobKilledEvent {
  readonly event: 'job_killed';
  readonly id: number;
  /** The worker that died. */
  readonly worker: string;
  /** When the attempt that died had begun. */
  readonly started_us: number;
  /** When it was back in the queue. */
  readonly at_us: number;
}

export interface RefusedEvent {
  readonly event: 'refused';
  readonly id: number;
  readonly at_us: number;
}

export interface WorkerCrashEvent {
  readonly event: 'worker_crash';
  readonly worker: string;
  readonly drawn: number;
  readonly slot: number;
  readonly at_us: number;
  readonly cause: string;
}

export interface WorkerRestartEvent {
  readonly event: 'worker_restart';
  readonly worker: string;
  readonly slot: number;
  readonly at_us: number;
}

export interface RssEvent {
  readonly event: 'rss';
  readonly pid: number;
  readonly bytes: number;
  readonly heap_used: number | null;
  readonly external: number | null;
  readonly phase: 'sample' | 'steady' | 'post_recovery' | 'peak';
  readonly at_us: number;
}

/** Who a `metrics` line is about. `collector` is the one that writes the file. */
export type MetricsSource = 'worker' | 'producer' | 'supervisor' | 'store' | 'host' | 'collector';

/**
 * The figures that a `metrics` line may tell, once a second. All are of the second that ends at `at_us`: a count or a
 * time is what came in it, a level is the one at its end, a delay or latency the highest seen. A figure that is not
 * known is left out, and a diagnosis that rests on it keeps silent.
 */
export interface MetricValues {
  readonly worker: {
    /** Highest delay of the event loop. */
    readonly loop_delay_ms?: number;
    /** Time spent in garbage collection. */
    readonly gc_ms?: number;
    /** CPU time of the process, all threads. */
    readonly cpu_ms?: number;
    readonly rss?: number;
    readonly heap_used?: number;
    /** Slots that run a job, and all slots. */
    readonly busy?: number;
    readonly slots?: number;
    /** Log lines written, or bytes of them and of what handlers print. */
    readonly log_lines?: number;
    readonly log_bytes?: number;
  };
  readonly producer: {
    readonly loop_delay_ms?: number;
    readonly gc_ms?: number;
    readonly cpu_ms?: number;
    readonly rss?: number;
    /** Jobs accepted and refused (queue_full). */
    readonly accepted?: number;
    readonly refused?: number;
    /** Bytes of data of the accepted jobs. */
    readonly accepted_bytes?: number;
    /** Jobs that wait now, and how many may. */
    readonly depth?: number;
    readonly bound?: number;
    readonly log_lines?: number;
  };
  readonly supervisor: {
    readonly loop_delay_ms?: number;
    readonly gc_ms?: number;
    readonly cpu_ms?: number;
    readonly rss?: number;
    readonly log_lines?: number;
  };
  readonly store: {
    /** Round trip of a PING, the slowest. */
    readonly latency_ms?: number;
    /** CPU time of the store's main thread ÷ time: 1 is saturated. */
    readonly cpu_ratio?: number;
    /** Slowest fsync (or an estimate from its delayed ones). */
    readonly fsync_ms?: number;
    /** Memory used, and ÷ its limit. */
    readonly used_bytes?: number;
    readonly memory_ratio?: number;
    readonly commands?: number;
  };
  readonly host: {
    /** Share of CPU time that the hypervisor gave to others. */
    readonly steal_ratio?: number;
    /** Share of all cores' time that was used, ours and others', steal apart. */
    readonly cpu_ratio?: number;
    /** Share of all cores' time that processes of this platform used. */
    readonly own_cpu_ratio?: number;
    readonly load?: number;
  };
  readonly collector: {
    /** How old the oldest result was when it was read. */
    readonly lag_ms?: number;
    readonly loop_delay_ms?: number;
    readonly cpu_ms?: number;
  };
}

/** Figures beside the jobs: what a diagnosis reads. */
export interface MetricsEvent<S extends MetricsSource = MetricsSource> {
  readonly event: 'metrics';
  readonly at_us: number;
  readonly source: S;
  /** Which one, where there are several: a worker's start id, a pod's name. */
  readonly name?: string;
  readonly values: Readonly<Record<string, number>> & MetricValues[S];
}

export type RunEventLine =
  | RunEvent
  | JobDoneEvent
  | JobFailedEvent
  | JobKilledEvent
  | RefusedEvent
  | WorkerCrashEvent
  | WorkerRestartEvent
  | RssEvent
  | MetricsEvent;
