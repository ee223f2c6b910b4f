import type { NewJob } from '@millrace/core';
import { idempotencyKey } from '../admission/idempotency.ts';
import { parseJson } from '../http/json-text.ts';
import { toMillraceError } from '../http/problem.ts';
import { answerStream, keyOnStream } from '../ndjson/stream.ts';
import type { Services } from '../services.ts';
import { provenanceOf, sentOf } from '../tracing/added-job.ts';
import { checkOne, type JobsCall } from './asked.ts';

/** Adds lines, and tells of them what a trace is to tell. */
interface LineAdder {
  add(job: NewJob): Promise<string>;
  /** `jobs` lines were added. */
  end(jobs: number): void;
}

/** A stream whose request is kept may be endless: each of its jobs has a trace of its own, linked to the stream's. */
function batchedLines(call: JobsCall, { admission, tracing }: Services): LineAdder {
  const { queue } = call.params;
  const from = admission.callerOf(call.request, null);
  const { context, sent } = tracing.batch(call.trace);
  return {
    add: async (job) => (await admission.admit(queue, [job], from, { context })).ids[0] as string,
    end: (jobs) => sent(queue, jobs),
  };
}

function singleLines(call: JobsCall, { admission, tracing, store, clock }: Services): LineAdder {
  const { queue } = call.params;
  const from = admission.callerOf(call.request, null);
  const context = tracing.alone(call.trace);
  return {
    async add(job) {
      const startUs = tracing.isOn ? clock.epochUs() : 0;
      const admitted = await admission.admit(queue, [job], from, { context });
      if (tracing.isOn) {
        const added = { queue, job, admitted, context, startUs };
        const known = await provenanceOf(store, added);
        const sent = known && sentOf(added, known, clock.epochUs());
        if (sent) tracing.line(call.trace, known, sent);
      }
      return admitted.ids[0] as string;
    },
    end() {},
  };
}

/** A stream of jobs, one a line. */
export async function postStream(call: JobsCall, services: Services): Promise<null> {
  const { config, clock, log, metrics, draining } = services;
  const { request, response } = call;
  const { queue } = call.params;
  if (idempotencyKey(request) !== null) throw keyOnStream();
  const lines = call.trace.server ? batchedLines(call, services) : singleLines(call, services);
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
      const job = await checkOne(services, { queue, body: parseJson(bytes), bodyBytes: bytes.length });
      return () => lines.add(job);
    },
  });
  lines.end(jobs);
  return null;
}
