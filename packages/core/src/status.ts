/** What beats and hellos tell of one start of a worker process. Times are ms since 1970, sizes bytes. */
export interface WorkerStatus {
  /** The start id: new at every start of a process, and the prefix of its lock tokens. */
  readonly id: string;
  readonly pod: string;
  readonly slot: number | null;
  readonly pid: number;
  readonly host: string;
  readonly state: 'standby' | 'running' | 'draining' | 'suspect' | 'dead';
  readonly queues: readonly string[];
  readonly concurrency: number;
  readonly busy: number;
  readonly startedAtMs: number;
  readonly lastBeatMs: number;
  readonly loopDelayMs: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
}

/** One pod: a pod supervisor and the worker processes below it. */
export interface PodStatus {
  readonly id: string;
  readonly pool: string;
  readonly pid: number;
  readonly host: string;
  readonly state: 'starting' | 'running' | 'draining' | 'down';
  readonly startedAtMs: number;
  readonly restarts: { readonly used: number; readonly intensity: number; readonly periodMs: number };
}

/** OTP's strategies, over the pods of a pool and over the pools. */
export const STRATEGIES = ['one_for_one', 'one_for_all', 'rest_for_one'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** Whether an ended child is started again: always, only after an abnormal end, never. */
export const RESTART_TYPES = ['permanent', 'transient', 'temporary'] as const;
export type RestartType = (typeof RESTART_TYPES)[number];

/** Why a pool's queues take no jobs at the moment. Times are ms since 1970. */
export interface Circuit {
  readonly pool: string;
  /** One sentence for a person: what died, how often, what happens next. */
  readonly reason: string;
  readonly sinceMs: number;
  /**
   * When the half-open trial is due, or when a pool that waits for another one starts if that one's trial is good; null
   * while its own trial runs.
   */
  readonly retryAtMs: number | null;
}

/** One pool of pods, as the leader of the supervisors keeps it. */
export interface PoolStatus {
  readonly name: string;
  /**
   * `running` · `starting` · `open` its budget is spent, its queues are paused · `half-open` one trial pod runs ·
   * `waiting` for a pool that it stands behind (strategy) · `stopped` nothing is to run.
   */
  readonly state: 'running' | 'starting' | 'open' | 'half-open' | 'waiting' | 'stopped';
  readonly strategy: Strategy;
  readonly restart: RestartType;
  /** Pods wanted, and pods that run. */
  readonly desired: number;
  readonly pods: number;
  readonly queues: readonly string[];
  readonly restarts: { readonly used: number; readonly intensity: number; readonly periodMs: number };
  readonly circuit: Circuit | null;
}

/** What the supervisors publish and the API, the CLI and the dashboard show. */
export interface ClusterStatus {
  readonly atMs: number;
  readonly supervisor: {
    readonly id: string;
    readonly pid: number;
    readonly startedAtMs: number;
    /** It acts on the outside: pods, pools, circuits. */
    readonly leader: boolean;
  };
  readonly pods: readonly PodStatus[];
  readonly workers: readonly WorkerStatus[];
  /** In the order of the configuration; empty where no leader is known. */
  readonly pools: readonly PoolStatus[];
}

/** Which observation spoke of a death, and when (ms since 1970). */
export interface Evidence {
  readonly kind:
    | 'process-exit'
    | 'pod-exit'
    | 'pod-terminated'
    | 'link-closed'
    | 'store-gone'
    | 'beats-missed';
  readonly atMs: number;
  readonly detail?: string;
}

/** How a worker stood at one beat; the last 10 s of them are on its certificate. Bytes, ms. */
export interface BeatSample {
  readonly atMs: number;
  readonly busy: number;
  readonly loopDelayMs: number;
  readonly cpuMs: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
}

/**
 * Whose fault a death may be, which decides whether it counts towards poison:
 * `jobs` a crash or out of memory · `unknown` killed by somebody who did not say so, or lost without a word ·
 * `none` ordered, drained, evicted, or lost with its pod.
 */
export type Blame = 'jobs' | 'unknown' | 'none';

/** The signed-off record of one death: nothing is reclaimed before there is one. */
export interface DeathCertificate {
  readonly worker: string;
  readonly pod: string;
  readonly pid: number;
  readonly slot: number | null;
  /**
   * `crash` unless the evidence says otherwise; `oom` out of memory; `killed` SIGKILL by somebody; `ordered` killed
   * by an operator's order; `hung` silent or blocked for too long; `pod-lost` went with its pod; `shutdown` planned.
   */
  readonly cause: 'crash' | 'oom' | 'killed' | 'ordered' | 'hung' | 'pod-lost' | 'shutdown';
  readonly blame: Blame;
  readonly exitCode: number | null;
  readonly exitSignal: string | null;
  /** The earliest evidence: the best known moment of the death. */
  readonly diedAtMs: number;
  readonly certifiedAtMs: number;
  readonly evidence: readonly Evidence[];
  /** Last lines of its outputs, oldest first; empty when nobody heard them. */
  readonly lastLines: readonly string[];
  /** Highest resident size that its parent saw; null when nobody looked. */
  readonly peakRssBytes: number | null;
  /** What it was allowed; null without a limit. */
  readonly memoryLimitBytes: number | null;
  /** Its beats of the last 10 s before the end, oldest first. */
  readonly beats: readonly BeatSample[];
}

/**
 * One recovery, phase by phase. Every `…Ms` but `diedAtMs` is a duration from `diedAtMs`;
 * null while the phase is not over, or when there was no orphan to restart.
 */
export interface Recovery {
  /** The dead start's id: one recovery for each death, whoever performs it. */
  readonly id: string;
  readonly certificate: DeathCertificate;
  readonly diedAtMs: number;
  readonly detectMs: number;
  readonly fenceMs: number | null;
  readonly reclaimMs: number | null;
  readonly respawnMs: number | null;
  readonly firstOrphanMs: number | null;
  readonly lastOrphanMs: number | null;
  /** Job ids given back, by queue. */
  readonly orphans: Readonly<Record<string, readonly string[]>>;
  readonly state: 'running' | 'done';
}

/** A recovery as the API shows it. */
export interface RecoveryView extends Recovery {
  /** Of the trace of it, if somebody keeps it: 32 hex digits. */
  readonly traceId: string;
  /** `trace`: URL of it, where `http.traceUrl` says how to make one. */
  readonly links: { readonly trace?: string };
}

/** What an operator may order of a worker start, a pod or a pool; carried by the store to every supervisor. */
export interface WorkerCommand {
  readonly kind: 'drain' | 'kill' | 'resume-pool';
  /** The start id, the pod, or the pool. */
  readonly worker: string;
  readonly by: string;
  readonly atMs: number;
}
