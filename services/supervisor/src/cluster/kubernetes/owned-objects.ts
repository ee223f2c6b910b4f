import { isStatus, type KubernetesApi } from './api.ts';
import type { KubernetesObject } from './objects.ts';

/** What we make ourselves: the Lease and the status. */
const OURS = /\/(?:leases|configmaps)(?:\/[^/]+)?$/;

interface Writing {
  readonly metadata: object;
}

/**
 * Has the objects that we write belong to the Deployment `name`, so that Kubernetes' garbage collector takes them away with
 * it. Nothing waits for that: until the Deployment is known they are written without. Where it is not ours to say (admission
 * plugin OwnerReferencesPermissionEnforcement) they stay without.
 */
export function ownObjects(api: KubernetesApi, name: string): KubernetesApi {
  let owner: object | undefined;
  let isAsked = false;

  async function find(): Promise<void> {
    isAsked = true;
    try {
      const path = `/apis/apps/v1/namespaces/${api.namespace}/deployments/${name}`;
      const { uid } = ((await api.call('GET', path)) as KubernetesObject).metadata;
      owner = { apiVersion: 'apps/v1', kind: 'Deployment', name, uid };
    } catch (error) {
      // We run in no Deployment, or may not see it; else the next write asks again.
      isAsked = isStatus(error, 403, 404);
    }
  }

  return {
    ...api,
    async call(verb, path, options) {
      if ((verb !== 'POST' && verb !== 'PUT') || !OURS.test(path)) return api.call(verb, path, options);
      if (!isAsked) void find();
      if (owner === undefined) return api.call(verb, path, options);
      const body = options?.body as Writing;
      const metadata = { ...body.metadata, ownerReferences: [owner] };
      try {
        return await api.call(verb, path, { ...options, body: { ...body, metadata } });
      } catch (error) {
        if (!isStatus(error, 403)) throw error;
        owner = undefined;
        return api.call(verb, path, options);
      }
    },
  };
}
