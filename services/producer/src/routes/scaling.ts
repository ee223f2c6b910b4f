import { currentScaling, type PoolScaling, queuesOfPool, scalePool, slotsPerPod } from '@millrace/core';
import { type Route, route } from '../http/route.ts';
import { scalingSchema } from '../schemas/answers.ts';
import { poolParams } from '../schemas/parameters.ts';
import type { Services } from '../services.ts';
import { assertPool } from './pools.ts';

/** The number of pods that is desired of a pool, for autoscalers (KEDA's metrics-api, an external metric of an HPA). */
export function scalingRoutes({ store, config, clock }: Services): Route[] {
  /** From the counts of now; a pod's slots as they were last seen, else as they are assumed. */
  async function counted(pool: string, written: PoolScaling | null): Promise<PoolScaling> {
    const { backlogMs, serviceMs } = config.scaling;
    const names = await store.board.queueNames();
    const known = new Set(names);
    const own = queuesOfPool(config.pools, pool, names).filter((queue) => known.has(queue));
    const demands = await Promise.all(own.map((queue) => store.queue(queue).demand(backlogMs)));
    const assumed = slotsPerPod(config, pool, null);
    const slots = (queue: string) => written?.concurrency ?? assumed(queue);
    return scalePool(pool, demands, { backlogMs, serviceMs, slotsPerPod: slots }, clock.nowMs());
  }

  return [
    route({
      method: 'get',
      path: '/v1/scaling/{pool}',
      id: 'scaling',
      summary: 'How many pods the pool should have, as the leader of the supervisors last worked it out',
      role: 'viewer',
      params: poolParams,
      answers: { 200: { text: 'The number, and what it was made of', schema: scalingSchema } },
      errors: ['not_found'],
      async handle({ params: { pool } }) {
        const written = await store.board.scaling(pool);
        const names = Object.keys(config.pools);
        assertPool(written === null ? names : [...new Set([...names, pool])], pool);
        return { status: 200, body: currentScaling(written, await counted(pool, written)) };
      },
    }),
  ];
}
