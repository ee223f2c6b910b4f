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

/** What the supervisors publish and the API, the CLI and the dashboard show. */
export interface ClusterStatus {
  readonly atMs: number;
  readonly supervisor: { readonly id: string; readonly pid: number; readonly startedAtMs: number };
  readonly pods: readonly PodStatus[];
  readonly workers: readonly WorkerStatus[];
}

/** Which observation spoke of a death, and when (ms since 1970). */
export interface Evidence {
  readonly kind: 'process-exit' | 'pod-exit' | 'link-closed' | 'store-gone' | 'beats-missed';
  readonly atMs: number;
  readonly detail?: string;
}

/** The signed-off record of one death: nothing is reclaimed before there is one. */
export interface DeathCertificate {
  readonly worker: string;
  readonly pod: string;
  readonly pid: number;
  readonly slot: number | null;
  /** `crash` unless the evidence says otherwise. `drain` and `shutdown` never count against a job. */
  readonly cause: 'crash' | 'killed' | 'hung' | 'pod-lost' | 'shutdown';
  readonly exitCode: number | null;
  readonly exitSignal: string | null;
  /** The earliest evidence: the best known moment of the death. */
  readonly diedAtMs: number;
  readonly certifiedAtMs: number;
  readonly evidence: readonly Evidence[];
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

/** What an operator may order of a worker start or a pod; carried by the store to every supervisor. */
export interface WorkerCommand {
  readonly kind: 'drain' | 'kill';
  readonly worker: string;
  readonly by: string;
  readonly atMs: number;
}
