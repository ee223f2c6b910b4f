import type { StoredLetter } from '@millrace/queue';
import { type Route, route } from '../http/route.ts';
import { deadLetterPageSchema, deadLetterSchema } from '../schemas/answers.ts';
import { deadLettersQuery, jobParams, queueParams } from '../schemas/parameters.ts';
import type { Services } from '../services.ts';
import { letterView } from '../tracing/death-traces.ts';
import { letterPath } from './job-links.ts';
import { noLetter, path, replayRoute } from './replay.ts';

/** Routes of dead letters: jobs that ended without success, with the evidence of what they did. */
export function deadLetterRoutes(services: Services): Route[] {
  const { store, queues, metrics, jobTraces } = services;
  const view = (letter: StoredLetter) => letterView(letter, jobTraces, letterPath(letter.queue, letter.id));
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
        const page = await store.queue(queue).deadLetters(cursor ?? null, limit);
        return { status: 200, body: { ...page, letters: page.letters.map(view) } };
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
        return { status: 200, body: view(letter) };
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
