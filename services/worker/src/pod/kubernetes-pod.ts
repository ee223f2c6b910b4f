import type { KubernetesPlace } from '@millrace/core';
import type { KubernetesPod } from '@millrace/supervision';

/** What this pod says of itself at its links; null where it does not know both its name and its uid. */
export function kubernetesPod({ podName, podUid, nodeName }: KubernetesPlace): KubernetesPod | null {
  return podName !== null && podUid !== null ? { name: podName, uid: podUid, node: nodeName } : null;
}
