/** What every object of the API carries. */
export interface KubernetesObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

export interface TerminatedState {
  readonly containerID?: string;
  readonly exitCode: number;
  readonly signal?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

export interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt?: string };
  readonly terminated?: TerminatedState;
}

export interface ContainerStatus {
  readonly name: string;
  readonly containerID?: string;
  readonly restartCount: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

/** Of a pod, what we read. */
export interface PodObject extends KubernetesObject {
  readonly spec?: { readonly nodeName?: string };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
    }[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

/** Of a Deployment, what we read. */
export interface DeploymentObject extends KubernetesObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: {
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly observedGeneration?: number;
  };
}

/** The name of a worker's pool, on its pod and on its Deployment. */
export const POOL_LABEL = 'millrace.dev/pool';
/** The container of a worker pod that we judge by; a mesh's sidecar says nothing about it. */
export const WORKER_CONTAINER = 'worker';

export function poolOf({ metadata }: KubernetesObject): string | undefined {
  return metadata.labels?.[POOL_LABEL];
}

/** It has ended, or is about to: its controller does not count it any more. */
export function isOver({ metadata, status }: PodObject): boolean {
  return (
    metadata.deletionTimestamp !== undefined || status?.phase === 'Failed' || status?.phase === 'Succeeded'
  );
}

/** The worker's container; the only one, where it has another name. */
export function workerContainer(pod: PodObject): ContainerStatus | undefined {
  const all = pod.status?.containerStatuses ?? [];
  return all.find(({ name }) => name === WORKER_CONTAINER) ?? (all.length === 1 ? all[0] : undefined);
}
