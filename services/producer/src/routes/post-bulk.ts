import { MillraceError, type NewJob } from '@millrace/core';
import { type Checked, refusalError } from '../admission/check-job.ts';
import { idempotencyOf } from '../admission/idempotency.ts';
import type { Answer } from '../http/respond.ts';
import { invalidData, parseWith } from '../http/schema-faults.ts';
import { bulkEnvelopeSchema, MAX_BULK } from '../schemas/new-job.ts';
import type { Services } from '../services.ts';
import { type Asked, type JobsCall, replayHeader } from './asked.ts';

/** Jobs of a bulk checked in one turn of the event loop. */
const CHECKED_A_TURN = 500;

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

/** A bulk: all of it or nothing. */
export async function postBulk(call: JobsCall, services: Services, asked: Asked): Promise<Answer> {
  const { queue, key, body } = asked;
  const { jobs: raw } = parseWith(bulkEnvelopeSchema, body);
  if (raw.length > MAX_BULK) await refuseLarge(services, queue, raw.length);
  const jobs = await checkAll(services, asked, raw);
  const from = services.admission.callerOf(call.request, key);
  const batch = services.tracing.batch(call.trace);
  const extras = { idempotency: idempotencyOf(key, body), context: batch.context };
  const { ids, replayed } = await services.admission.admit(queue, jobs, from, extras);
  if (!replayed) batch.sent(queue, ids.length);
  call.note({ jobs: ids.length, repeated: replayed });
  return { status: 202, headers: replayHeader(replayed), body: { ids, queue } };
}
