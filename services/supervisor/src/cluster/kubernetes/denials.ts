import { type Clock, type Log, messageOf } from '@millrace/core';
import { isStatus, type KubernetesApi } from './api.ts';

/** A right that is missing is missed with every call: it is told once in this time. */
const TELL_AGAIN_MS = 60_000;

/** Pods and the like, without their names: what a right is about. */
function resourceOf(path: string): string {
  return /\/namespaces\/[^/]+\/([^/?]+)/.exec(path)?.[1] ?? path;
}

/** The same API; what it refuses for want of a right is logged as an error, once a minute for each kind of call. */
export function tellDenials(api: KubernetesApi, clock: Clock, log: Log): KubernetesApi {
  const toldMs = new Map<string, number>();

  function tell(verb: string, path: string, error: unknown): void {
    if (!isStatus(error, 401, 403)) return;
    const resource = resourceOf(path);
    const key = `${verb} ${resource}`;
    const atMs = clock.monotonicMs();
    if (atMs - (toldMs.get(key) ?? Number.NEGATIVE_INFINITY) < TELL_AGAIN_MS) return;
    toldMs.set(key, atMs);
    log.error({ verb, resource, error: messageOf(error) }, 'The API server refuses us: a right is missing');
  }

  const telling = async <T>(verb: string, path: string, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      tell(verb, path, error);
      throw error;
    }
  };

  return {
    namespace: api.namespace,
    call: (verb, path, options) => telling(verb, path, api.call(verb, path, options)),
    stream: (path, on, signal) => telling('WATCH', path, api.stream(path, on, signal)),
    close: api.close,
  };
}
