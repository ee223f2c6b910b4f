import { JOB_STATES } from '@millrace/core';
import { z } from 'zod';

/**
 * What the producer answers, as far as the CLI reads it. Objects are loose: members of a newer server pass through
 * to `--json` untouched. Times are ms since 1970.
 */
const counts = z.record(z.string(), z.number());

/** Why a pool's queues take no jobs; members that an older server does not know are filled in. */
const circuitSchema = z.looseObject({
  pool: z.string(),
  reason: z.string(),
  sinceMs: z.number(),
  retryAtMs: z.number().nullable(),
});
export type CircuitAnswer = z.infer<typeof circuitSchema>;

export const queueSchema = z.looseObject({
  name: z.string(),
  paused: z.boolean(),
  counts,
  depth: z.number(),
  bound: z.number(),
  bytes: z.number(),
  maxBytes: z.number(),
  maxDepth: z.number(),
  oldestWaitingMs: z.number().nullable(),
  drainPerSecond: z.number(),
  concurrency: z.number().nullable(),
  refused: z.number(),
  circuit: circuitSchema.nullable().default(null),
});
export type QueueAnswer = z.infer<typeof queueSchema>;
export const queuesSchema = z.looseObject({ queues: z.array(queueSchema) });

const attemptSchema = z.looseObject({
  start: z.number(),
  worker: z.string().nullable(),
  startedAtMs: z.number().nullable(),
  endedAtMs: z.number().nullable(),
  outcome: z.string(),
  cause: z.string().optional(),
  error: z.string().optional(),
});

export const jobSchema = z.looseObject({
  id: z.string(),
  queue: z.string(),
  name: z.string(),
  state: z.string(),
  data: z.unknown(),
  opts: z.record(z.string(), z.unknown()),
  progress: z.unknown(),
  result: z.unknown(),
  error: z.string().nullable(),
  attemptsMade: z.number(),
  attemptsStarted: z.number(),
  createdAtMs: z.number(),
  startedAtMs: z.number().nullable(),
  finishedAtMs: z.number().nullable(),
  attempts: z.array(attemptSchema),
  // Older servers tell neither.
  traceId: z.string().optional(),
  links: z.looseObject({ trace: z.string().optional() }).optional(),
});
export type JobAnswer = z.infer<typeof jobSchema>;
export const jobPageSchema = z.looseObject({ jobs: z.array(jobSchema), cursor: z.string().nullable() });
export type JobPageAnswer = z.infer<typeof jobPageSchema>;

/** 202: it is in the queue. */
export const acceptedSchema = z.looseObject({ id: z.string(), queue: z.string(), state: z.string() });
/** 200: somebody waited for it, and it is over. */
export const finishedSchema = z.looseObject({
  id: z.string(),
  state: z.enum(['completed', 'failed']),
  result: z.unknown(),
  error: z.unknown(),
});
export const enqueuedSchema = z.union([finishedSchema, acceptedSchema]);

/** One line of the answer to a streamed NDJSON body. */
export const lineResultSchema = z.looseObject({
  line: z.number(),
  status: z.number(),
  id: z.string().optional(),
  code: z.string().optional(),
  detail: z.string().optional(),
  faults: z.array(z.looseObject({ pointer: z.string(), message: z.string() })).optional(),
});
export type LineResult = z.infer<typeof lineResultSchema>;

export const workerSchema = z.looseObject({
  id: z.string(),
  pod: z.string(),
  slot: z.number().nullable(),
  pid: z.number(),
  host: z.string(),
  state: z.string(),
  queues: z.array(z.string()),
  concurrency: z.number(),
  busy: z.number(),
  startedAtMs: z.number(),
  lastBeatMs: z.number(),
  loopDelayMs: z.number(),
  rssBytes: z.number(),
});
export type WorkerAnswer = z.infer<typeof workerSchema>;
export const workersSchema = z.looseObject({ workers: z.array(workerSchema) });

const podSchema = z.looseObject({
  id: z.string(),
  pool: z.string(),
  pid: z.number(),
  host: z.string(),
  state: z.string(),
  startedAtMs: z.number(),
  restarts: z.looseObject({ used: z.number(), intensity: z.number(), periodMs: z.number() }),
});
export type PodAnswer = z.infer<typeof podSchema>;

const poolSchema = z.looseObject({
  name: z.string(),
  state: z.string(),
  strategy: z.string(),
  restart: z.string(),
  desired: z.number(),
  pods: z.number(),
  queues: z.array(z.string()),
  restarts: z.looseObject({ used: z.number(), intensity: z.number(), periodMs: z.number() }),
  circuit: circuitSchema.nullable(),
});
export type PoolAnswer = z.infer<typeof poolSchema>;
export const poolsSchema = z.looseObject({ pools: z.array(poolSchema) });

export const treeSchema = z.looseObject({
  atMs: z.number(),
  supervisor: z.looseObject({
    id: z.string(),
    pid: z.number(),
    startedAtMs: z.number(),
    leader: z.boolean().default(true),
  }),
  pods: z.array(podSchema),
  workers: z.array(workerSchema),
  pools: z.array(poolSchema).default([]),
});
export type TreeAnswer = z.infer<typeof treeSchema>;

/** What a change answers when nothing of it is shown. */
export const anythingSchema = z.looseObject({});

/** The states that `jobs --state` takes. */
export const STATES: readonly string[] = JOB_STATES;
