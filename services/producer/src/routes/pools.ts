import { didYouMean, MillraceError, type PoolStatus } from '@millrace/core';
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

/** Why an operator's resume would change nothing, and what to do instead; null where it starts pods. */
function notResumable(pools: readonly PoolStatus[], { name, state, desired }: PoolStatus): string | null {
  if (state === 'running' || state === 'starting') {
    return `Pool "${name}" is ${state}: it has not given up, so there is nothing to resume.`;
  }
  if (state === 'stopped' && desired === 0) {
    return `Pool "${name}" is to have no pods: there is nothing to start until its size is raised.`;
  }
  if (state !== 'waiting') return null;
  // The one that is tried first; every pool behind it starts by itself when it is whole.
  const blocker = pools.find((pool) => pool.state === 'open' || pool.state === 'half-open');
  return blocker
    ? `Pool "${name}" waits for pool "${blocker.name}": resume that one, and it starts by itself.`
    : `Pool "${name}" waits for its turn: it starts by itself when every pool before it runs.`;
}

/** Throws `not_found` for a pool that is none of them, and `wrong_state` for one that a resume would leave as it is. */
export function assertResumable(pools: readonly PoolStatus[], wanted: string): void {
  assertPool(
    pools.map(({ name }) => name),
    wanted,
  );
  const pool = pools.find(({ name }) => name === wanted);
  const reason = pool ? notResumable(pools, pool) : null;
  if (reason !== null) throw new MillraceError('wrong_state', reason);
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
      summary: 'Start all pods of a pool that gave up, and close its circuit, or of one that has stopped',
      role: 'operator',
      params: poolParams,
      answers: { 202: { text: 'The supervisors are told', schema: orderSchema } },
      errors: ['not_found', 'wrong_state'],
      async handle({ params: { pool }, caller }) {
        const status = await board.status();
        if (!status) throw noSupervisor();
        assertResumable(status.pools, pool);
        await board.sendCommand({ kind: 'resume-pool', worker: pool, by: caller.name, atMs: clock.nowMs() });
        return { status: 202, body: { order: 'resume-pool', target: pool, kind: 'pool' } };
      },
    }),
  ];
}
