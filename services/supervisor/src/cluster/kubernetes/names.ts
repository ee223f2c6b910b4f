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

/** Names by the place that the environment told; `fallback` names a supervisor that runs in no pod. */
export function clusterNames(place: KubernetesPlace, fallback: string): ClusterNames {
  const { podName, podUid, appName } = place;
  const instance = place.release ?? 'millrace';
  const fullname = place.fullname ?? instance;
  const labels = {
    'app.kubernetes.io/name': appName ?? 'millrace',
    'app.kubernetes.io/instance': instance,
  };
  const selected = { ...labels, 'app.kubernetes.io/component': 'worker' };
  return {
    lease: `${fullname}-supervisor`,
    status: `${fullname}-status`,
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
