import type { Manifest } from './render.ts';

// biome-ignore lint/suspicious/noExplicitAny: a pod's spec, looked into by path.
type PodSpec = any;
type Container = PodSpec;

/** The specs of all pods in the manifests, templates included. */
export function podsOf(manifests: readonly Manifest[]): PodSpec[] {
  return manifests
    .map(({ kind, spec }) => (kind === 'Pod' ? spec : spec?.template?.spec))
    .filter((spec) => spec?.containers);
}

export function containersOf(pod: PodSpec): Container[] {
  return [...(pod.initContainers ?? []), ...pod.containers];
}

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/**
 * What of a pod the *restricted* profile of Kubernetes' Pod Security Standards refuses, and beyond it a root file system
 * that can be written to.
 */
export function restrictedFaults(pod: PodSpec): string[] {
  const faults: string[] = [];
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) if (pod[field]) faults.push(field);
  for (const { name, ...source } of pod.volumes ?? []) {
    if (!VOLUMES.some((kind) => kind in source)) faults.push(`volume ${name}`);
  }
  for (const container of containersOf(pod)) {
    const own = container.securityContext ?? {};
    const both = { ...pod.securityContext, ...own };
    const is = (what: string, fine: boolean) => fine || faults.push(`${container.name}: ${what}`);
    is('runAsNonRoot', both.runAsNonRoot === true);
    is('runAsUser', both.runAsUser !== 0);
    is('seccompProfile', ['RuntimeDefault', 'Localhost'].includes(both.seccompProfile?.type));
    is('allowPrivilegeEscalation', own.allowPrivilegeEscalation === false);
    is('privileged', !own.privileged);
    is('capabilities.drop', own.capabilities?.drop?.includes('ALL') === true);
    is(
      'capabilities.add',
      (own.capabilities?.add ?? []).every((added: string) => added === 'NET_BIND_SERVICE'),
    );
    is('readOnlyRootFilesystem', own.readOnlyRootFilesystem === true);
    is(
      'hostPort',
      (container.ports ?? []).every((port: { hostPort?: number }) => !port.hostPort),
    );
  }
  return faults;
}
