import { z } from 'zod';
import { idempotencyKey } from '../admission/idempotency.ts';
import { assertMediaType, readBody } from '../http/body.ts';
import { parseJson } from '../http/json-text.ts';
import { type Route, route } from '../http/route.ts';
import { acceptedBulkSchema, acceptedSchema, finishedSchema, lineResultSchema } from '../schemas/answers.ts';
import { bulkSchema, newJobSchema } from '../schemas/new-job.ts';
import { queueParams } from '../schemas/parameters.ts';
import type { Services } from '../services.ts';
import type { JobsCall } from './asked.ts';
import { postBulk } from './post-bulk.ts';
import { postSingle } from './post-single.ts';
import { postStream } from './post-stream.ts';

const JSON_TYPE = 'application/json';
const NDJSON_TYPE = 'application/x-ndjson';

/** Believed where telemetry is on; docs/http-api.md. */
const TRACE_HEADERS = {
  traceparent: 'W3C Trace Context: the jobs belong to this trace; sampled, they are traced.',
  tracestate: 'Handed on with the jobs.',
  baggage: 'W3C Baggage: handed on with the jobs, the first 1,024 characters.',
};
const TRACERESPONSE =
  'Where telemetry is on: the trace and the `send` span of one job; of a sampled request with several, its own span.';

const isBulk = (body: unknown) =>
  typeof body === 'object' && body !== null && !Array.isArray(body) && Object.hasOwn(body, 'jobs');

/** `POST /v1/queues/{queue}/jobs`: one job, a bulk, or a stream of jobs. */
export function postJobs(services: Services): Route {
  const { config, clock } = services;
  return route({
    method: 'post',
    path: '/v1/queues/{queue}/jobs',
    id: 'addJobs',
    summary: 'Hand in one job, a bulk (all or none), or a stream of jobs, one a line',
    role: 'operator',
    params: queueParams,
    ownBodies: {
      [JSON_TYPE]: { schema: z.union([newJobSchema, bulkSchema]), text: 'one job, or a bulk' },
      [NDJSON_TYPE]: { schema: newJobSchema, text: 'one job a line; results come back in the same order' },
    },
    requestHeaders: {
      'Idempotency-Key':
        'A repeat with the same key and body gets the first answer and adds nothing; kept 24 h. Not with NDJSON.',
      ...TRACE_HEADERS,
      Prefer: '`wait=N` (N ≤ 60 s) answers 200 with the result once the job has ended; one job only.',
    },
    answers: {
      200: {
        text: 'The job has ended (with `Prefer: wait`); for NDJSON: one result a line, in order',
        schema: finishedSchema,
        headers: { Location: 'the job', traceresponse: TRACERESPONSE },
      },
      202: {
        text: 'Accepted: it is stored and will run',
        schema: z.union([acceptedSchema, acceptedBulkSchema]),
        headers: { Location: 'the job, unless it was a bulk', traceresponse: TRACERESPONSE },
      },
    },
    streamed: { status: 200, type: NDJSON_TYPE, schema: lineResultSchema },
    errors: [
      'not_found',
      'idempotency_conflict',
      'payload_too_large',
      'unsupported_media_type',
      'bulk_exceeds_bound',
      'queue_full',
      'circuit_open',
    ],
    async handle(call: JobsCall) {
      const { request, response } = call;
      const { queue } = call.params;
      const type = assertMediaType(request, [JSON_TYPE, NDJSON_TYPE]);
      const key = idempotencyKey(request);
      await services.queues.assert(queue);
      if (type === NDJSON_TYPE) return postStream(call, services);
      const bytes = await readBody(request, response, {
        maxBytes: config.http.bodyMaxBytes,
        withinMs: config.http.bodyMs,
        clock,
      });
      const asked = { queue, key, body: parseJson(bytes), bodyBytes: bytes.length };
      return isBulk(asked.body) ? postBulk(call, services, asked) : postSingle(call, services, asked);
    },
  });
}
