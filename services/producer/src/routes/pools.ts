import { didYouMean, MillraceError } from '@millrace/core';
import { type Route, route } from '../http/route.ts';
import { orderSchema, poolsSchema } from '../schemas/answers.ts';
import { poolParams } from '../schemas/parameters.ts';
import type { Services } from '../services.ts';
import { noSupervisor } from './workers.ts';

/** Throws `not_found`, with the names that there are, for a pool that is none of them. */
export function assertPool(names: readonly string[], wanted: string): void {
  if (names.includes(wanted)) return;
  const near = didYouMean(wanted, names);
  const known = names.length === 0 ? 'No pools are known.' : `The pools are: ${names.join(', ')}.`;
  throw new MillraceError('not_found', `There is no pool "${wanted}"${near}. ${known}`, {
    details: { pools: names },
  });
}

/** Routes of pools: what the leader of the supervisors keeps running, and the circuits of what it cannot. */
export function poolRoutes({ store, clock }: Services): Route[] {
  const { board } = store;
  return [
    route({
      method: 'get',
      path: '/v1/pools',
      id: 'listPools',
      summary: 'The pools in the order in which they start; none when no supervisor speaks',
      role: 'viewer',
      answers: { 200: { text: 'The pools', schema: poolsSchema } },
      errors: [],
      async handle() {
        return { status: 200, body: { pools: (await board.status())?.pools ?? [] } };
      },
    }),
    route({
      method: 'post',
      path: '/v1/pools/{pool}/resume',
      id: 'resumePool',
      summary:
        'Close the circuit of a pool that gave up and start all its pods; nothing changes where none is open',
      role: 'operator',
      params: poolParams,
      answers: { 202: { text: 'The supervisors are told', schema: orderSchema } },
      errors: ['not_found'],
      async handle({ params: { pool }, caller }) {
        const status = await board.status();
        if (!status) throw noSupervisor();
        assertPool(
          status.pools.map(({ name }) => name),
          pool,
        );
        await board.sendCommand({ kind: 'resume-pool', worker: pool, by: caller.name, atMs: clock.nowMs() });
        return { status: 202, body: { order: 'resume-pool', target: pool, kind: 'pool' } };
      },
    }),
  ];
}
