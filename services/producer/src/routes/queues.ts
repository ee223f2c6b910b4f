import { type Route, route } from '../http/route.ts';
import { queueSchema, queuesSchema } from '../schemas/answers.ts';
import { queueParams, queuePatchSchema } from '../schemas/parameters.ts';
import type { Services } from '../services.ts';

/** Routes of queues. */
export function queueRoutes({ store, queues }: Services): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/queues',
      id: 'listQueues',
      summary: 'All queues with their counts, bounds and rates',
      role: 'viewer',
      answers: { 200: { text: 'The queues, by name', schema: queuesSchema } },
      errors: [],
      async handle() {
        const names = await queues.names();
        const snapshots = await Promise.all(names.map((name) => store.queue(name).snapshot()));
        return { status: 200, body: { queues: snapshots } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/queues/{queue}',
      id: 'getQueue',
      summary: 'One queue with its counts, bound and rates',
      role: 'viewer',
      params: queueParams,
      answers: { 200: { text: 'The queue', schema: queueSchema } },
      errors: ['not_found'],
      async handle({ params: { queue } }) {
        await queues.assert(queue);
        return { status: 200, body: await store.queue(queue).snapshot() };
      },
    }),
    route({
      method: 'patch',
      path: '/v1/queues/{queue}',
      id: 'changeQueue',
      summary: 'Pause or resume a queue, set its bound or its concurrency',
      role: 'operator',
      params: queueParams,
      body: queuePatchSchema,
      answers: { 200: { text: 'The queue as it is now', schema: queueSchema } },
      errors: ['not_found', 'payload_too_large', 'unsupported_media_type'],
      async handle({ params: { queue: name }, body, note }) {
        note(body);
        await queues.assert(name);
        const queue = store.queue(name);
        if (body.bound !== undefined) await queue.setBound(body.bound);
        if (body.concurrency !== undefined) await queue.setConcurrency(body.concurrency);
        if (body.paused !== undefined) await (body.paused ? queue.pause() : queue.resume());
        return { status: 200, body: await queue.snapshot() };
      },
    }),
  ];
}
