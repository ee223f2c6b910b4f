import { MillraceError } from '@millrace/core';
import { z } from 'zod';
import { type Route, route } from '../http/route.ts';
import type { Services } from '../services.ts';

/** Each listener costs a socket and a buffer. */
const MOST_LISTENERS = 1_000;

/** `GET /v1/events`: what changes, as it changes. */
export function eventRoutes({ events }: Services): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/events',
      id: 'listenToEvents',
      summary: 'Server-sent events: queues (on change, at least every second), workers, pools, recovery',
      role: 'viewer',
      answers: { 200: { text: 'Events until either side closes' } },
      streamed: { status: 200, type: 'text/event-stream', schema: z.string() },
      errors: ['draining'],
      async handle({ request, response }) {
        // Its answer is over with its headers: nothing would ever be written, and it would be held open for ever.
        if (request.method === 'HEAD')
          return { status: 200, headers: { 'content-type': 'text/event-stream' } };
        if (!events.isOpen || events.listeners >= MOST_LISTENERS) {
          throw new MillraceError(
            'draining',
            'This producer takes no more listeners. Try another, or again.',
            {
              details: { retryAfterMs: 1_000 },
            },
          );
        }
        events.listen(response);
        return null;
      },
    }),
  ];
}
