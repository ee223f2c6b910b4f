/**
 * What the supervisor asks of the launcher, which is to it what the API server and the kubelets are on Kubernetes:
 * pods are started, ended and watched here, so they outlive a supervisor.
 */
export type PodOrder =
  | { readonly type: 'list' }
  | { readonly type: 'create-pod'; readonly id: string; readonly pool: string }
  /** SIGTERM, and SIGKILL after `graceMs`. */
  | { readonly type: 'delete-pod'; readonly id: string; readonly graceMs: number }
  | { readonly type: 'kill-pod'; readonly id: string };

/** A pod that runs. */
export interface PodRecord {
  readonly id: string;
  readonly pool: string;
  readonly pid: number;
  readonly startedAtMs: number;
}

/** What the launcher tells the supervisor. Times are ms since 1970. */
export type PodNews =
  | { readonly type: 'pods'; readonly pods: readonly PodRecord[] }
  | ({ readonly type: 'pod-started' } & PodRecord)
  | {
      readonly type: 'pod-exited';
      readonly id: string;
      readonly pid: number;
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
      readonly atMs: number;
      /** It had been told to end. */
      readonly expected: boolean;
    };

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Reads a message of the supervisor; null when it is none of these (such as `ready`). */
export function parseOrder(message: Record<string, unknown>): PodOrder | null {
  const { type, id, pool, graceMs } = message;
  if (type === 'list') return { type };
  if (!isText(id)) return null;
  if (type === 'create-pod' && isText(pool)) return { type, id, pool };
  if (type === 'delete-pod' && typeof graceMs === 'number') return { type, id, graceMs };
  return type === 'kill-pod' ? { type, id } : null;
}
