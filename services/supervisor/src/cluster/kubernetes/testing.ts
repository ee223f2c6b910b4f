import type { KubernetesApi, Verb } from './api.ts';
import type { ContainerStatus, DeploymentObject, PodObject, TerminatedState } from './objects.ts';

/** A moment as the API writes it. */
export const second = (n: number) => `2026-01-31T18:00:${String(n).padStart(2, '0')}Z`;
/** The same in ms since 1970, and `ms` later. */
export const msOf = (n: number, ms = 0) => 1_769_882_400_000 + n * 1_000 + ms;

/** How a container ended, as its kubelet reports it. */
export function terminated(from: number, to: number, part: Partial<TerminatedState> = {}): TerminatedState {
  const times = { startedAt: second(from), finishedAt: second(to) };
  return { containerID: `containerd://${from}-${to}`, exitCode: 137, reason: 'Error', ...times, ...part };
}

export interface PodParts {
  readonly uid?: string;
  readonly version?: string;
  readonly deletionTimestamp?: string;
  readonly container?: Partial<ContainerStatus>;
  readonly status?: PodObject['status'];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A worker pod of pool `default`. */
export function podObject({
  uid = 'u1',
  version = '1',
  deletionTimestamp,
  ...parts
}: PodParts = {}): PodObject {
  const container: ContainerStatus = { name: 'worker', restartCount: 0, ...parts.container };
  return {
    metadata: {
      ...{ name: `m-worker-default-${uid}`, uid, resourceVersion: version },
      labels: { 'millrace.dev/pool': 'default' },
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      ...(parts.annotations === undefined ? {} : { annotations: parts.annotations }),
    },
    status: { phase: 'Running', containerStatuses: [container], ...parts.status },
  };
}

export function deploymentObject(pool: string, replicas?: number): DeploymentObject {
  return {
    metadata: {
      name: `m-worker-${pool}`,
      uid: pool,
      resourceVersion: '1',
      labels: { 'millrace.dev/pool': pool },
    },
    spec: replicas === undefined ? {} : { replicas },
  };
}

/** An API server of the imagination. A watch stays open until it is aborted, unless `watched` ends it. */
export function apiOf(
  answer: (verb: Verb, path: string, body: unknown) => unknown,
  watched: (path: string, open: () => void) => Promise<void> | null = () => null,
): KubernetesApi {
  return {
    namespace: 'ns',
    call: async (verb, path, options) => answer(verb, path, options?.body),
    async stream(path, on, signal) {
      const ended = watched(path, on.open);
      if (ended !== null) return ended;
      on.open();
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
    close() {},
  };
}
