import type { IncomingMessage } from 'node:http';
import type { JobOptions } from '@millrace/core';
import type { FinalOutcome } from '@millrace/queue';
import type { z } from 'zod';
import { idempotencyOf } from '../admission/idempotency.ts';
import { preferredWaitS } from '../admission/prefer.ts';
import type { Answer } from '../http/respond.ts';
import type { acceptedSchema } from '../schemas/answers.ts';
import type { Services } from '../services.ts';
import { type AddedJob, provenanceOf, sentOf } from '../tracing/added-job.ts';
import { type Asked, checkOne, type JobsCall, replayHeader } from './asked.ts';
import { jobPath } from './job-links.ts';

/** Beyond so many waiting requests the process answers 202 at once: waiting must not cost accepting. */
const MAX_WAITERS = 10_000;

function stateAfterAdd({ delayMs, priority }: JobOptions): z.infer<typeof acceptedSchema>['state'] {
  if (delayMs) return 'delayed';
  return priority ? 'prioritized' : 'waiting';
}

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

/** What the answer tells of the job's trace, and its `send` span, where it is kept. */
async function traced(call: JobsCall, services: Services, added: AddedJob) {
  const { tracing, jobTraces, clock } = services;
  if (!tracing.isOn && !jobTraces.isLinked) return { headers: {}, links: {} };
  const job = await provenanceOf(services.store, added);
  if (job === null) return { headers: {}, links: {} };
  const place = tracing.place(job, sentOf(added, job, clock.epochUs()));
  const traceId = place?.traceId ?? jobTraces.traceOf(job).traceId;
  if (place) call.noteTrace(traceId);
  return { headers: place ? { traceresponse: place.traceresponse } : {}, links: jobTraces.linkOf(traceId) };
}

/** One job; with `Prefer: wait` its end. */
export async function postSingle(call: JobsCall, services: Services, asked: Asked): Promise<Answer> {
  const { queue, key, body } = asked;
  const { admission, waiters, tracing, clock } = services;
  const job = await checkOne(services, asked);
  const waitS = waitOf(call.request, services);
  // Before the add: an outcome that comes at once must not be missed.
  if (waitS !== null) await waiters.watch(queue);
  const from = admission.callerOf(call.request, key);
  const context = tracing.alone(call.trace);
  const startUs = clock.epochUs();
  const extras = { idempotency: idempotencyOf(key, body), context };
  const admitted = await admission.admit(queue, [job], from, extras);
  const { ids, replayed } = admitted;
  const id = ids[0] as string;
  call.note({ jobs: 1, job: id, repeated: replayed });
  const self = jobPath(queue, id);
  const trace = await traced(call, services, { queue, job, admitted, context, startUs });
  const headers = { location: self, ...replayHeader(replayed), ...trace.headers };
  const outcome = waitS === null ? null : await outcomeOf(call, services, queue, id, waitS, replayed);
  const links = { self, ...trace.links };
  if (outcome === null) {
    return { status: 202, headers, body: { id, queue, state: stateAfterAdd(job.opts), links } };
  }
  return {
    status: 200,
    headers: { ...headers, 'preference-applied': `wait=${waitS}` },
    body: { id, queue, ...outcome, links },
  };
}
