import type { Manifest } from '../render.ts';
import type { Endpoint, NetworkPolicy } from './evaluate.ts';

const WORKLOADS = ['Deployment', 'StatefulSet', 'Pod', 'Job'];

/** A pod of each workload of a rendered release, and its policies. */
export interface Release {
  readonly policies: readonly NetworkPolicy[];
  /** Of the one workload with this component (and pool). */
  pod(component: string, pool?: string): Endpoint;
}

/** Labels that Kubernetes itself gives to a namespace. */
export const namespaceLabels = (name: string) => ({ 'kubernetes.io/metadata.name': name });

function endpoint(manifest: Manifest, ip: string): Endpoint {
  const template = manifest.kind === 'Pod' ? manifest : manifest.spec.template;
  const containers: { ports?: { name?: string; containerPort: number }[] }[] = template.spec.containers;
  const named = containers.flatMap(({ ports = [] }) =>
    ports.flatMap(({ name, containerPort }) => (name === undefined ? [] : [[name, containerPort] as const])),
  );
  const namespace = manifest.metadata.namespace ?? 'default';
  return {
    name: manifest.metadata.name,
    ip,
    pod: {
      namespace,
      namespaceLabels: namespaceLabels(namespace),
      labels: template.metadata.labels,
      ports: Object.fromEntries(named),
    },
  };
}

/** Reads a release out of its manifests; pods get addresses of 10.78.<net>.0/24. */
export function readRelease(manifests: readonly Manifest[], net = 1): Release {
  const pods = manifests
    .filter(({ kind }) => WORKLOADS.includes(kind))
    .map((manifest, at) => endpoint(manifest, `10.78.${net}.${at + 10}`));
  return {
    policies: manifests.filter(({ kind }) => kind === 'NetworkPolicy') as unknown as NetworkPolicy[],
    pod(component, pool) {
      const found = pods.filter(({ pod }) => {
        const { 'app.kubernetes.io/component': own, 'millrace.dev/pool': ownPool } = pod?.labels ?? {};
        return own === component && (pool === undefined || ownPool === pool);
      });
      const [one] = found;
      if (one === undefined || found.length > 1) {
        throw new Error(`${found.length} workloads are ${component} ${pool ?? ''}, not one`);
      }
      return one;
    },
  };
}
