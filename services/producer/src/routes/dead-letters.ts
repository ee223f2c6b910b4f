import { MillraceError } from '@millrace/core';
import { type Route, route } from '../http/route.ts';
import { deadLetterPageSchema, deadLetterSchema, replayedSchema } from '../schemas/answers.ts';
import { deadLettersQuery, jobParams, queueParams } from '../schemas/parameters.ts';
import type { Services } from '../services.ts';
import { jobPath, letterPath } from './job-links.ts';

const path = '/v1/queues/{queue}/dead-letters';

function noLetter(queue: string, id: string): MillraceError {
  return new MillraceError(
    'not_found',
    `Queue "${queue}" has no dead letter "${id}"; they are kept for a while only.`,
  );
}

function replayRoute({ queues, admission, metrics }: Services): Route {
  return route({
    method: 'post',
    path: `${path}/{id}/replay`,
    id: 'replayDeadLetter',
    summary: 'Add a copy of it to its queue, within the bound; twice is once',
    role: 'operator',
    params: jobParams,
    answers: {
      202: { text: 'The job that replays it', schema: replayedSchema, headers: { Location: 'the new job' } },
    },
    errors: ['not_found', 'bulk_exceeds_bound', 'queue_full', 'circuit_open'],
    async handle({ request, params: { queue, id: letter }, note }) {
      await queues.assert(queue);
      const replayed = await admission.replay(queue, letter, admission.callerOf(request, null));
      if (!replayed) throw noLetter(queue, letter);
      const { id, isNew } = replayed;
      note({ job: id, repeated: !isNew });
      if (isNew) metrics.letter(queue, 'replayed');
      const self = jobPath(queue, id);
      return {
        status: 202,
        headers: { location: self, ...(isNew ? {} : { 'idempotency-replayed': 'true' }) },
        body: { id, queue, replayOf: letter, links: { self, letter: letterPath(queue, letter) } },
      };
    },
  });
}

/** Routes of dead letters: jobs that ended without success, with the evidence of what they did. */
export function deadLetterRoutes(services: Services): Route[] {
  const { store, queues, metrics } = services;
  return [
    route({
      method: 'get',
      path,
      id: 'listDeadLetters',
      summary: 'Jobs that ended without success, newest first, with their evidence',
      role: 'viewer',
      params: queueParams,
      query: deadLettersQuery,
      answers: { 200: { text: 'A page of dead letters', schema: deadLetterPageSchema } },
      errors: ['not_found'],
      async handle({ params: { queue }, query: { cursor, limit } }) {
        await queues.assert(queue);
        return { status: 200, body: await store.queue(queue).deadLetters(cursor ?? null, limit) };
      },
    }),
    route({
      method: 'get',
      path: `${path}/{id}`,
      id: 'getDeadLetter',
      summary: 'One dead letter with every process that it killed',
      role: 'viewer',
      params: jobParams,
      answers: { 200: { text: 'The dead letter', schema: deadLetterSchema } },
      errors: ['not_found'],
      async handle({ params: { queue, id } }) {
        await queues.assert(queue);
        const letter = await store.queue(queue).deadLetter(id);
        if (!letter) throw noLetter(queue, id);
        return { status: 200, body: letter };
      },
    }),
    replayRoute(services),
    route({
      method: 'delete',
      path: `${path}/{id}`,
      id: 'discardDeadLetter',
      summary: 'Throw it away for good',
      role: 'operator',
      params: jobParams,
      answers: { 204: { text: 'It is gone' } },
      errors: ['not_found'],
      async handle({ params: { queue, id } }) {
        await queues.assert(queue);
        if (!(await store.queue(queue).discard(id))) throw noLetter(queue, id);
        metrics.letter(queue, 'discarded');
        return { status: 204 };
      },
    }),
  ];
}
