import { MillraceError } from '@millrace/core';
import { type Route, route } from '../http/route.ts';
import { replayedSchema } from '../schemas/answers.ts';
import { jobParams } from '../schemas/parameters.ts';
import type { Services } from '../services.ts';
import { jobPath, letterPath } from './job-links.ts';

export const path = '/v1/queues/{queue}/dead-letters';

export function noLetter(queue: string, id: string): MillraceError {
  return new MillraceError(
    'not_found',
    `Queue "${queue}" has no dead letter "${id}"; they are kept for a while only.`,
  );
}

/** What the answer tells of the new job's trace. */
async function traced({ tracing, jobTraces, store }: Services, queue: string, id: string) {
  if (!tracing.isOn && !jobTraces.isLinked) return { place: null, links: {} };
  const copy = await store
    .queue(queue)
    .provenance(id)
    .catch(() => null);
  if (copy === null) return { place: null, links: {} };
  return { place: tracing.replayPlace(copy), links: jobTraces.linkOf(jobTraces.traceOf(copy).traceId) };
}

/** `POST /v1/queues/{queue}/dead-letters/{id}/replay` */
export function replayRoute(services: Services): Route {
  const { queues, admission, metrics, tracing } = services;
  return route({
    method: 'post',
    path: `${path}/{id}/replay`,
    id: 'replayDeadLetter',
    summary: 'Add a copy of it to its queue, within the bound; twice is once',
    role: 'operator',
    params: jobParams,
    answers: {
      202: {
        text: 'The job that replays it',
        schema: replayedSchema,
        headers: { Location: 'the new job', traceresponse: 'its trace, and the span of its first attempt' },
      },
    },
    errors: ['not_found', 'bulk_exceeds_bound', 'queue_full', 'circuit_open'],
    async handle({ request, params: { queue, id: letter }, note, noteTrace }) {
      await queues.assert(queue);
      const from = admission.callerOf(request, null);
      const replayed = await admission.replay(queue, letter, from, tracing.replayCarrier);
      if (!replayed) throw noLetter(queue, letter);
      const { id, isNew } = replayed;
      note({ job: id, repeated: !isNew });
      if (isNew) metrics.letter(queue, 'replayed');
      const { place, links } = await traced(services, queue, id);
      if (place) noteTrace(place.traceId);
      const self = jobPath(queue, id);
      return {
        status: 202,
        headers: {
          location: self,
          ...(isNew ? {} : { 'idempotency-replayed': 'true' }),
          ...(place && { traceresponse: place.traceresponse }),
        },
        body: { id, queue, replayOf: letter, links: { self, letter: letterPath(queue, letter), ...links } },
      };
    },
  });
}
