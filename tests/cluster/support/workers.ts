import type { Api } from './api.ts';
import { QUEUE } from './jobs.ts';
import type { Manifest } from './kubernetes.ts';
import type { Release } from './release.ts';

/** Pods of the pool that runs the handlers that do harm, but those on their way out. */
export const chaosPods = async (release: Release): Promise<Manifest[]> =>
  (await release.pods('worker')).filter(({ metadata }) => metadata.labels['millrace.dev/pool'] === QUEUE);

/** Workers of that pool that live and hold jobs, the busiest first; `host` is the name of their pod. */
export async function busyWorkers(api: Api, release: Release): Promise<Manifest[]> {
  const names = new Set((await chaosPods(release)).map(({ metadata }) => metadata.name));
  const { body } = await api.call('GET', '/v1/workers');
  return body.workers
    .filter(({ host, state, busy }: Manifest) => names.has(host) && state === 'running' && busy > 0)
    .toSorted((a: Manifest, b: Manifest) => b.busy - a.busy);
}
