import type { Api } from './api.ts';
import { QUEUE } from './jobs.ts';
import { eventually, type Manifest } from './kubernetes.ts';
import type { Release } from './release.ts';

/** Pods of the pool that runs the handlers that do harm, but those on their way out. */
export const chaosPods = async (release: Release): Promise<Manifest[]> =>
  (await release.pods('worker')).filter(({ metadata }) => metadata.labels['millrace.dev/pool'] === QUEUE);

/** Workers of that pool that live and hold jobs, the busiest first; `host` is the name of their pod. There is at least one. */
export async function busyWorkers(api: Api, release: Release): Promise<Manifest[]> {
  const names = new Set((await chaosPods(release)).map(({ metadata }) => metadata.name));
  return eventually('a worker of the pool tells that it is busy', 20_000, async () => {
    const { body } = await api.call('GET', '/v1/workers');
    const busy = body.workers
      .filter(({ host, state, busy: jobs }: Manifest) => names.has(host) && state === 'running' && jobs > 0)
      .toSorted((a: Manifest, b: Manifest) => b.busy - a.busy);
    return busy.length > 0 && busy;
  });
}
