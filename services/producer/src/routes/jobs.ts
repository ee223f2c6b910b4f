import { MillraceError } from '@millrace/core';
import type { BoundedQueue, StoredJob } from '@millrace/queue';
import { type Route, route } from '../http/route.ts';
import { jobChangedSchema, jobPageSchema, jobSchema } from '../schemas/answers.ts';
import { jobParams, jobsQuery, queueParams } from '../schemas/parameters.ts';
import type { Services } from '../services.ts';
import { jobPath } from './job-links.ts';

function noJob(queue: string, id: string): MillraceError {
  return new MillraceError(
    'not_found',
    `Queue "${queue}" has no job "${id}"; ended jobs are kept for a while only.`,
  );
}

function change(
  services: Services,
  verb: 'retry' | 'promote',
  summary: string,
  act: (queue: BoundedQueue, id: string) => Promise<boolean>,
): Route {
  const done = verb === 'retry' ? 'retried' : 'promoted';
  return route({
    method: 'post',
    path: `/v1/queues/{queue}/jobs/{id}/${verb}`,
    id: `${verb}Job`,
    summary,
    role: 'operator',
    params: jobParams,
    answers: { 202: { text: 'Done', schema: jobChangedSchema } },
    errors: ['not_found', 'wrong_state'],
    async handle({ params: { queue, id } }) {
      await services.queues.assert(queue);
      if (!(await act(services.store.queue(queue), id))) throw noJob(queue, id);
      return { status: 202, body: { id, queue, done } };
    },
  });
}

/** Routes of single jobs and their lists. */
export function jobRoutes(services: Services): Route[] {
  const { store, queues, jobTraces } = services;
  const viewOf = (job: StoredJob) => jobTraces.viewOf(job, jobPath(job.queue, job.id));
  return [
    route({
      method: 'get',
      path: '/v1/queues/{queue}/jobs',
      id: 'listJobs',
      summary: 'Jobs in one state, newest first',
      role: 'viewer',
      params: queueParams,
      query: jobsQuery,
      answers: { 200: { text: 'A page of jobs', schema: jobPageSchema } },
      errors: ['not_found'],
      async handle({ params: { queue }, query: { state, cursor, limit } }) {
        await queues.assert(queue);
        const page = await store.queue(queue).jobs(state, cursor ?? null, limit);
        return { status: 200, body: { ...page, jobs: page.jobs.map(viewOf) } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/queues/{queue}/jobs/{id}',
      id: 'getJob',
      summary: 'One job: its state, data, result and every attempt',
      role: 'viewer',
      params: jobParams,
      answers: { 200: { text: 'The job', schema: jobSchema } },
      errors: ['not_found'],
      async handle({ params: { queue, id } }) {
        await queues.assert(queue);
        const job = await store.queue(queue).job(id);
        if (!job) throw noJob(queue, id);
        return { status: 200, body: viewOf(job) };
      },
    }),
    route({
      method: 'delete',
      path: '/v1/queues/{queue}/jobs/{id}',
      id: 'removeJob',
      summary: 'Remove a job that is not running',
      role: 'operator',
      params: jobParams,
      answers: { 204: { text: 'It is gone' } },
      errors: ['not_found', 'wrong_state'],
      async handle({ params: { queue, id } }) {
        await queues.assert(queue);
        if (!(await store.queue(queue).remove(id))) throw noJob(queue, id);
        return { status: 204 };
      },
    }),
    change(services, 'retry', 'Run a failed or completed job again', (queue, id) => queue.retry(id)),
    change(services, 'promote', 'Let a delayed job wait no longer', (queue, id) => queue.promote(id)),
  ];
}
