/** Where a process runs in Kubernetes, as the downward API told it; null for what it did not. */
export interface KubernetesPlace {
  readonly podName: string | null;
  readonly podUid: string | null;
  readonly nodeName: string | null;
  readonly namespace: string | null;
  readonly release: string | null;
  readonly appName: string | null;
  readonly fullname: string | null;
}

/** Reads the place from the environment. An empty variable says nothing. */
export function kubernetesPlace(env: Readonly<Record<string, string | undefined>>): KubernetesPlace {
  return {
    podName: env.MILLRACE_POD_NAME || null,
    podUid: env.MILLRACE_POD_UID || null,
    nodeName: env.MILLRACE_NODE_NAME || null,
    namespace: env.MILLRACE_NAMESPACE || null,
    release: env.MILLRACE_RELEASE || null,
    appName: env.MILLRACE_APP_NAME || null,
    fullname: env.MILLRACE_FULLNAME || null,
  };
}
