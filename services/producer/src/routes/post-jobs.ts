import type { IncomingMessage } from 'node:http';
import { type JobOptions, MillraceError, type NewJob } from '@millrace/core';
import type { FinalOutcome } from '@millrace/queue';
import { z } from 'zod';
import { type Checked, refusalError } from '../admission/check-job.ts';
import { idempotencyKey, idempotencyOf } from '../admission/idempotency.ts';
import { preferredWaitS } from '../admission/prefer.ts';
import { assertMediaType, readBody } from '../http/body.ts';
import { parseJson } from '../http/json-text.ts';
import { toMillraceError } from '../http/problem.ts';
import type { Answer } from '../http/respond.ts';
import { type Call, type Route, route } from '../http/route.ts';
import { invalidData, parseWith } from '../http/schema-faults.ts';
import { answerStream, keyOnStream } from '../ndjson/stream.ts';
import { acceptedBulkSchema, acceptedSchema, finishedSchema, lineResultSchema } from '../schemas/answers.ts';
import { bulkEnvelopeSchema, bulkSchema, MAX_BULK, newJobSchema } from '../schemas/new-job.ts';
import { queueParams } from '../schemas/parameters.ts';
import type { Services } from '../services.ts';
import { jobPath } from './job-links.ts';

const JSON_TYPE = 'application/json';
const NDJSON_TYPE = 'application/x-ndjson';
/** Beyond so many waiting requests the process answers 202 at once: waiting must not cost accepting. */
const MAX_WAITERS = 10_000;
/** Jobs of a bulk checked in one turn of the event loop. */
const CHECKED_A_TURN = 500;

type JobsCall = Call<z.infer<typeof queueParams>, unknown, unknown>;

/** What one request asks for, read and parsed. */
interface Asked {
  readonly queue: string;
  readonly body: unknown;
  readonly bodyBytes: number;
  readonly key: string | null;
}

function stateAfterAdd({ delayMs, priority }: JobOptions): z.infer<typeof acceptedSchema>['state'] {
  if (delayMs) return 'delayed';
  return priority ? 'prioritized' : 'waiting';
}

const replayHeader = (replayed: boolean): Record<string, string> =>
  replayed ? { 'idempotency-replayed': 'true' } : {};

/** How long this request may wait for its job's end; null when it may not, or nobody may any more. */
function waitOf(request: IncomingMessage, { draining, waiters }: Services): number | null {
  if (draining.aborted || waiters.size >= MAX_WAITERS) return null;
  return preferredWaitS(request.headers.prefer);
}

/** Waits for the job's end; null when time is up, the client is gone, or the process is about to end. */
async function outcomeOf(
  call: JobsCall,
  services: Services,
  queue: string,
  id: string,
  waitS: number,
  replayed: boolean,
): Promise<FinalOutcome | null> {
  const { waiters, clock, draining, store } = services;
  if (replayed) {
    const job = await store.queue(queue).job(id);
    if (job?.state === 'completed') return { state: 'completed', result: job.result, error: null };
    if (job?.state === 'failed') return { state: 'failed', result: null, error: job.error };
  }
  const over = new AbortController();
  const timer = clock.after(waitS * 1000, () => over.abort());
  call.response.once('close', () => over.abort());
  try {
    return await waiters.wait(queue, id, AbortSignal.any([over.signal, draining]));
  } finally {
    timer.cancel();
  }
}

async function checkOne(services: Services, { queue, body, bodyBytes }: Asked): Promise<NewJob> {
  const checked = await services.checker.check(queue, body, '', bodyBytes);
  if (!checked.ok) throw refusalError([checked], services.config.job.maxBytes);
  return checked.job;
}

async function postSingle(call: JobsCall, services: Services, asked: Asked): Promise<Answer> {
  const { queue, key, body } = asked;
  const { admission, waiters } = services;
  const job = await checkOne(services, asked);
  const waitS = waitOf(call.request, services);
  // Before the add: an outcome that comes at once must not be missed.
  if (waitS !== null) await waiters.watch(queue);
  const from = admission.callerOf(call.request, key);
  const { ids, replayed } = await admission.admit(queue, [job], from, idempotencyOf(key, body));
  const id = ids[0] as string;
  call.note({ jobs: 1, job: id, repeated: replayed });
  const self = jobPath(queue, id);
  const headers = { location: self, ...replayHeader(replayed) };
  const outcome = waitS === null ? null : await outcomeOf(call, services, queue, id, waitS, replayed);
  const links = { self };
  if (outcome === null) {
    return { status: 202, headers, body: { id, queue, state: stateAfterAdd(job.opts), links } };
  }
  return {
    status: 200,
    headers: { ...headers, 'preference-applied': `wait=${waitS}` },
    body: { id, queue, ...outcome, links },
  };
}

/** A bulk too large for one script call: it can never fit, or it has to come in pieces. */
async function refuseLarge(services: Services, queue: string, jobs: number): Promise<never> {
  const { bound, maxBytes } = await services.store.queue(queue).snapshot();
  const advice = 'Send fewer at once, or stream them as NDJSON.';
  if (jobs > bound) {
    const text = `${jobs} jobs can never fit into queue "${queue}", whose bound is ${bound}. ${advice}`;
    throw new MillraceError('bulk_exceeds_bound', text, { details: { bound, maxBytes } });
  }
  throw invalidData([{ pointer: '/jobs', message: `a bulk is at most ${MAX_BULK} jobs. ${advice}` }]);
}

async function checkAll(services: Services, asked: Asked, raw: readonly unknown[]): Promise<NewJob[]> {
  const jobs: NewJob[] = [];
  const refused: (Checked & { ok: false })[] = [];
  for (const [index, item] of raw.entries()) {
    if (index > 0 && index % CHECKED_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    const checked = await services.checker.check(asked.queue, item, `/jobs/${index}`, asked.bodyBytes);
    if (checked.ok) jobs.push(checked.job);
    else refused.push(checked);
  }
  if (refused.length > 0) throw refusalError(refused, services.config.job.maxBytes);
  return jobs;
}

async function postBulk(call: JobsCall, services: Services, asked: Asked): Promise<Answer> {
  const { queue, key, body } = asked;
  const { jobs: raw } = parseWith(bulkEnvelopeSchema, body);
  if (raw.length > MAX_BULK) await refuseLarge(services, queue, raw.length);
  const jobs = await checkAll(services, asked, raw);
  const from = services.admission.callerOf(call.request, key);
  const { ids, replayed } = await services.admission.admit(queue, jobs, from, idempotencyOf(key, body));
  call.note({ jobs: ids.length, repeated: replayed });
  return { status: 202, headers: replayHeader(replayed), body: { ids, queue } };
}

async function postStream(call: JobsCall, services: Services): Promise<null> {
  const { config, clock, log, metrics, admission, checker, draining } = services;
  const { request, response } = call;
  const { queue } = call.params;
  if (idempotencyKey(request) !== null) throw keyOnStream();
  const from = admission.callerOf(request, null);
  let jobs = 0;
  let refused = 0;
  await answerStream(request, response, {
    clock,
    deadlineMs: config.http.deadlineMs,
    stop: draining,
    maxLineBytes: config.http.bodyMaxBytes,
    unreadMs: config.http.unreadMs,
    idleMs: config.http.streamIdleMs,
    toMillraceError: (error) => toMillraceError(error, log),
    onResult({ status }) {
      metrics.line(status);
      if (status === 202) jobs++;
      else refused++;
      call.note({ jobs, refused });
    },
    async prepare(bytes) {
      const checked = await checker.check(queue, parseJson(bytes), '', bytes.length);
      if (!checked.ok) throw refusalError([checked], config.job.maxBytes);
      return async () => (await admission.admit(queue, [checked.job], from)).ids[0] as string;
    },
  });
  return null;
}

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
      Prefer: '`wait=N` (N ≤ 60 s) answers 200 with the result once the job has ended; one job only.',
    },
    answers: {
      200: {
        text: 'The job has ended (with `Prefer: wait`); for NDJSON: one result a line, in order',
        schema: finishedSchema,
        headers: { Location: 'the job' },
      },
      202: {
        text: 'Accepted: it is stored and will run',
        schema: z.union([acceptedSchema, acceptedBulkSchema]),
        headers: { Location: 'the job, unless it was a bulk' },
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
