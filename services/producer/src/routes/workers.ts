import { type ClusterStatus, didYouMean, MillraceError } from '@millrace/core';
import { type Route, route } from '../http/route.ts';
import { orderSchema, recoveriesSchema, treeSchema, workersSchema } from '../schemas/answers.ts';
import { recoveriesQuery, workerParams } from '../schemas/parameters.ts';
import type { Services } from '../services.ts';
import { recoveryView } from '../tracing/death-traces.ts';

/** The error of whoever needs the supervisors and finds none. */
export function noSupervisor(): MillraceError {
  return new MillraceError(
    'not_found',
    'No supervisor has told of its workers for 15 s: none runs, or it does not reach the store.',
  );
}

/** What `id` names. Throws `not_found`, or `wrong_state` for one that is dead already. */
export function targetKind(status: ClusterStatus, id: string): 'worker' | 'pod' {
  const worker = status.workers.find((candidate) => candidate.id === id);
  const pod = status.pods.find((candidate) => candidate.id === id);
  if (worker?.state === 'dead' || pod?.state === 'down') {
    throw new MillraceError('wrong_state', `"${id}" is dead already.`);
  }
  if (worker) return 'worker';
  if (pod) return 'pod';
  const known = [...status.workers, ...status.pods].map((candidate) => candidate.id);
  throw new MillraceError('not_found', `There is no worker or pod "${id}"${didYouMean(id, known)}.`);
}

function order({ store, clock }: Services, kind: 'drain' | 'kill', summary: string): Route {
  return route({
    method: 'post',
    path: `/v1/workers/{id}/${kind}`,
    id: `${kind}Worker`,
    summary,
    role: kind === 'kill' ? 'admin' : 'operator',
    params: workerParams,
    answers: { 202: { text: 'The supervisors are told', schema: orderSchema } },
    errors: ['not_found', 'wrong_state'],
    async handle({ params: { id }, caller, note }) {
      const status = await store.board.status();
      if (!status) throw noSupervisor();
      const target = targetKind(status, id);
      note({ kind: target });
      await store.board.sendCommand({ kind, worker: id, by: caller.name, atMs: clock.nowMs() });
      return { status: 202, body: { order: kind, target: id, kind: target } };
    },
  });
}

/** Routes of supervision. */
export function workerRoutes(services: Services): Route[] {
  const { board } = services.store;
  return [
    route({
      method: 'get',
      path: '/v1/workers',
      id: 'listWorkers',
      summary: 'All worker processes; none when no supervisor speaks',
      role: 'viewer',
      answers: { 200: { text: 'The workers', schema: workersSchema } },
      errors: [],
      async handle() {
        return { status: 200, body: { workers: (await board.status())?.workers ?? [] } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/tree',
      id: 'getTree',
      summary: 'The supervision tree: supervisor, pools, pods, worker processes',
      role: 'viewer',
      answers: { 200: { text: 'The tree', schema: treeSchema } },
      errors: ['not_found'],
      async handle() {
        const status = await board.status();
        if (!status) throw noSupervisor();
        return { status: 200, body: status };
      },
    }),
    route({
      method: 'get',
      path: '/v1/recoveries',
      id: 'listRecoveries',
      summary: 'Recoveries with their phases, newest first; the newest 1,000 are kept',
      role: 'viewer',
      query: recoveriesQuery,
      answers: { 200: { text: 'The recoveries', schema: recoveriesSchema } },
      errors: [],
      async handle({ query: { limit } }) {
        const recoveries = await board.recoveries(limit);
        const body = { recoveries: recoveries.map((each) => recoveryView(each, services.jobTraces)) };
        return { status: 200, body };
      },
    }),
    order(services, 'drain', 'Let a worker process or pod finish its jobs and end'),
    order(services, 'kill', 'Kill a worker process or pod; its jobs run again elsewhere'),
  ];
}
