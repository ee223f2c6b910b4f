import type { KubernetesPlace } from '@millrace/core';

/** What our own objects are called, and whose pods are ours. */
export interface ClusterNames {
  readonly lease: string;
  readonly status: string;
  /** The pods and Deployments of our pools. */
  readonly selector: string;
  /** On every object that we make. */
  readonly labels: Readonly<Record<string, string>>;
  /** Who we are in the Lease. */
  readonly holder: string;
}

/** A Deployment's pod is called `<deployment>-<hash>-<random>`. */
function deploymentOf(podName: string | null): string | null {
  return /^(.+)-[a-z0-9]+-[a-z0-9]{5}$/.exec(podName ?? '')?.[1] ?? null;
}

/** Names by the place that the downward API told; `fallback` names a supervisor that runs in no pod. */
export function clusterNames(place: KubernetesPlace, fallback: string): ClusterNames {
  const { podName, podUid, release } = place;
  const instance = release ?? 'millrace';
  const own = deploymentOf(podName) ?? `${instance}-supervisor`;
  const labels = { 'app.kubernetes.io/name': 'millrace', 'app.kubernetes.io/instance': instance };
  const selected = { ...labels, 'app.kubernetes.io/component': 'worker' };
  return {
    lease: own,
    status: `${own.replace(/-supervisor$/, '')}-status`,
    selector: Object.entries(selected)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    labels: {
      ...labels,
      'app.kubernetes.io/component': 'supervisor',
      'app.kubernetes.io/managed-by': 'millrace-supervisor',
    },
    holder: podName === null ? fallback : `${podName}_${podUid ?? ''}`,
  };
}
