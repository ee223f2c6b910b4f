import type { MetricFamily } from '@millrace/telemetry';

/** A pod that said hello over its link, with what its cluster calls it; null where it does not know that. */
export interface LinkedPod {
  readonly id: string;
  readonly pool: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly k8s: { readonly name: string; readonly uid: string } | null;
}

/** How a pool stands, as its controller keeps it. */
export interface PoolSize {
  /** Pods that its controller was told to keep. */
  readonly wanted: number;
  /** Pods that it has, running or not, without those that are being deleted. */
  readonly present: number;
  /** Of these, pods that end again and again as they start. */
  readonly crashing: number;
  /** Somebody asked that it be left alone: nothing of it is ended, spared or scaled. */
  readonly paused: boolean;
}

/** News for people who look at the cluster's objects. */
export interface ClusterNote {
  readonly kind: 'Normal' | 'Warning';
  /** One word in CamelCase, and what was done, likewise. */
  readonly reason: string;
  readonly action: string;
  /** One sentence. */
  readonly text: string;
  readonly about: { readonly pool: string } | { readonly pod: string };
}

/** A truth about the whole, as `kubectl wait --for=condition` understands it. */
export interface ClusterCondition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** What a cluster offers whose own controllers make the pods. Only who holds its lease acts on it. */
export interface PodControllers {
  /** Whether we want the cluster's lease at this moment; asked often. To be set before `start`. */
  candidate(isCandidate: () => boolean): void;
  /** We hold the cluster's lease, by our own monotonic clock. */
  readonly holdsLease: boolean;
  /** Tells who it is that runs in one of its pods: the cluster does not know our ids. */
  introduce(pod: LinkedPod): void;
  /** By pool; empty until the cluster has told. */
  sizes(): ReadonlyMap<string, PoolSize>;
  /** One listener; set before `start`. Called when a pool's size has changed. */
  onSizes(listener: () => void): void;
  /**
   * Has pods be spared in a scale-in, the higher the number the longer; 0 is as good as any. Who is not named is left as it is.
   * Resolves with what tells of a pool whether every pod of it that may be busy stands as it was said. Where one does not, or
   * nothing was said of it, it is to be said again.
   */
  spare(costs: ReadonlyMap<string, number>): Promise<(pool: string) => boolean>;
  /** Best effort, rate-limited. */
  tell(note: ClusterNote): void;
  /** The state of the whole, for people and for `kubectl wait`. Best effort. */
  condition(conditions: readonly ClusterCondition[], text: string): void;
  metrics(): MetricFamily[];
}
