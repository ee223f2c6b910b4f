import { z } from 'zod';
import { type Route, route } from '../http/route.ts';
import { openApiOf } from '../openapi.ts';
import type { Services } from '../services.ts';
import { VERSION } from '../version.ts';
import { deadLetterRoutes } from './dead-letters.ts';
import { eventRoutes } from './events.ts';
import { jobRoutes } from './jobs.ts';
import { ledgerRoutes } from './ledger.ts';
import { poolRoutes } from './pools.ts';
import { postJobs } from './post-jobs.ts';
import { queueRoutes } from './queues.ts';
import { scalingRoutes } from './scaling.ts';
import { workerRoutes } from './workers.ts';

/** Every route of the API, the one that describes them all included. */
export function allRoutes(services: Services): readonly Route[] {
  const routes: Route[] = [
    postJobs(services),
    ...jobRoutes(services),
    ...queueRoutes(services),
    ...deadLetterRoutes(services),
    ...ledgerRoutes(services),
    ...poolRoutes(services),
    ...scalingRoutes(services),
    ...workerRoutes(services),
    ...eventRoutes(services),
  ];
  let document: object | undefined;
  routes.push(
    route({
      method: 'get',
      path: '/openapi.json',
      id: 'describe',
      summary: 'This document',
      role: 'anyone',
      answers: { 200: { text: 'OpenAPI 3.1', schema: z.looseObject({}) } },
      errors: [],
      async handle() {
        document ??= openApiOf(routes, VERSION);
        return { status: 200, body: document };
      },
    }),
  );
  return routes;
}
