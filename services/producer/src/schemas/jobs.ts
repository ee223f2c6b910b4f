import { JOB_STATES, type JobLinks, type JobView } from '@millrace/core';
import { z } from 'zod';
import { epochMs, faults, json, orNull, type Same } from './parts.ts';

export const linksSchema = z.object({
  self: z.string().describe('path of the job'),
  trace: z.string().exactOptional().describe('where its trace is looked at; with `http.traceUrl`'),
}) satisfies Same<JobLinks>;

export const acceptedSchema = z.object({
  id: z.string(),
  queue: z.string(),
  state: z.enum(['waiting', 'prioritized', 'delayed']),
  links: linksSchema,
});

export const acceptedBulkSchema = z.object({
  ids: z.array(z.string()).describe('in the order of the jobs'),
  queue: z.string(),
});

export const finishedSchema = z.object({
  id: z.string(),
  queue: z.string(),
  state: z.enum(['completed', 'failed']),
  result: json.describe('what the handler returned; null for a failed job'),
  error: orNull(z.string()).describe('why it failed for good'),
  links: linksSchema,
});

export const lineResultSchema = z.object({
  line: z.int().describe('counts from 1, blank lines too'),
  status: z.int().describe('what a request with this job alone would have been answered'),
  id: z.string().optional(),
  code: z.string().optional().describe('as in a problem'),
  detail: z.string().optional(),
  retryAfterMs: z.number().optional().describe('after a refusal that passes'),
  faults: faults.optional(),
});
export type LineResult = z.infer<typeof lineResultSchema>;

const attemptSchema = z.object({
  start: z.int().describe('counts starts, from 1'),
  worker: orNull(z.string()),
  startedAtMs: orNull(epochMs),
  endedAtMs: orNull(epochMs),
  outcome: z.enum(['running', 'completed', 'failed', 'retried', 'returned', 'killed', 'cancelled']),
  cause: z.string().exactOptional(),
  error: z.string().exactOptional(),
  spanId: z.string().describe('of its span, if it has one'),
});

export const jobSchema = z.object({
  id: z.string(),
  queue: z.string(),
  name: z.string(),
  state: z.enum([...JOB_STATES, 'unknown']),
  data: json,
  opts: z.record(z.string(), z.unknown()),
  progress: json,
  result: json,
  error: orNull(z.string()),
  attemptsMade: z.int(),
  attemptsStarted: z.int(),
  createdAtMs: epochMs,
  startedAtMs: orNull(epochMs),
  finishedAtMs: orNull(epochMs),
  kills: z.int().describe('deaths of its process that count against it'),
  suspect: z.boolean().describe('it runs alone, in a process of its own'),
  attempts: z.array(attemptSchema),
  traceId: z.string().describe('of the trace that its spans are in, if it has any'),
  links: linksSchema,
}) satisfies Same<JobView>;

export const jobPageSchema = z.object({
  jobs: z.array(jobSchema),
  cursor: orNull(z.string()).describe('null on the last page'),
});

export const jobChangedSchema = z.object({
  id: z.string(),
  queue: z.string(),
  done: z.enum(['retried', 'promoted']),
});
