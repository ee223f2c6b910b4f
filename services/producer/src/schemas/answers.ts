import {
  type ClusterStatus,
  JOB_STATES,
  type JobView,
  type PodStatus,
  type Recovery,
  type WorkerStatus,
} from '@millrace/core';
import type { JobPage, LedgerEntry, LedgerPage, QueueSnapshot } from '@millrace/queue';
import { z } from 'zod';

/** What the API answers, for /openapi.json; `Same` keeps each schema and its type from drifting apart. */
type Same<T> = z.ZodType<T>;

const ms = z.number().describe('ms');
const epochMs = z.number().describe('ms since 1970');
const epochUs = z.number().describe('µs since 1970');
const orNull = <T extends z.ZodType>(schema: T) => schema.nullable();
const json = z.unknown().describe('any JSON value');

export const linksSchema = z.object({ self: z.string().describe('path of the job') });

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
  faults: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
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
  attempts: z.array(attemptSchema),
}) satisfies Same<JobView>;

export const jobPageSchema = z.object({
  jobs: z.array(jobSchema),
  cursor: orNull(z.string()).describe('null on the last page'),
}) satisfies Same<JobPage>;

export const queueSchema = z.object({
  name: z.string(),
  paused: z.boolean(),
  counts: z.object({
    waiting: z.int(),
    prioritized: z.int(),
    delayed: z.int(),
    active: z.int(),
    completed: z.int(),
    failed: z.int(),
    'waiting-children': z.int(),
  }),
  depth: z.int().describe('waiting + prioritized + delayed'),
  bound: z.int(),
  bytes: z.int(),
  maxBytes: z.int(),
  maxDepth: z.int().describe('highest depth after an accepted add since the bound was last set'),
  oldestWaitingMs: orNull(ms),
  drainPerSecond: z.number(),
  concurrency: orNull(z.int()).describe('jobs at once over all workers; null is unlimited'),
  refused: z.int().describe('adds refused at the bound'),
}) satisfies Same<QueueSnapshot>;

export const queuesSchema = z.object({ queues: z.array(queueSchema) });

const ledgerEntrySchema = z.object({
  id: z.string(),
  name: z.string(),
  outcome: z.enum(['completed', 'failed', 'retried', 'returned', 'killed']),
  worker: z.string(),
  attempt: z.int(),
  start: z.int(),
  enqueuedUs: epochUs,
  startedUs: epochUs,
  doneUs: epochUs,
  value: z.string().describe('JSON of the result, or the error’s message'),
  data: z.string().describe('JSON of the job’s data'),
}) satisfies Same<LedgerEntry>;

export const ledgerPageSchema = z.object({
  entries: z.array(ledgerEntrySchema),
  cursor: z.string(),
  gap: z.boolean().describe('true: entries are missing, the run is void'),
}) satisfies Same<LedgerPage>;

export const ledgerReaderSchema = z.object({ reader: z.string(), cursor: z.string() });

const workerSchema = z.object({
  id: z.string(),
  pod: z.string(),
  slot: orNull(z.int()),
  pid: z.int(),
  host: z.string(),
  state: z.enum(['standby', 'running', 'draining', 'suspect', 'dead']),
  queues: z.array(z.string()),
  concurrency: z.int(),
  busy: z.int(),
  startedAtMs: epochMs,
  lastBeatMs: epochMs,
  loopDelayMs: ms,
  cpuMs: ms,
  rssBytes: z.number(),
  heapBytes: z.number(),
}) satisfies Same<WorkerStatus>;

const podSchema = z.object({
  id: z.string(),
  pool: z.string(),
  pid: z.int(),
  host: z.string(),
  state: z.enum(['starting', 'running', 'draining', 'down']),
  startedAtMs: epochMs,
  restarts: z.object({ used: z.int(), intensity: z.int(), periodMs: ms }),
}) satisfies Same<PodStatus>;

export const workersSchema = z.object({ workers: z.array(workerSchema) });

export const treeSchema = z.object({
  atMs: epochMs,
  supervisor: z.object({ id: z.string(), pid: z.int(), startedAtMs: epochMs }),
  pods: z.array(podSchema),
  workers: z.array(workerSchema),
}) satisfies Same<ClusterStatus>;

const certificateSchema = z.object({
  worker: z.string(),
  pod: z.string(),
  pid: z.int(),
  slot: orNull(z.int()),
  cause: z.enum(['crash', 'killed', 'hung', 'pod-lost', 'shutdown']),
  exitCode: orNull(z.int()),
  exitSignal: orNull(z.string()),
  diedAtMs: epochMs,
  certifiedAtMs: epochMs,
  evidence: z.array(
    z.object({
      kind: z.enum(['process-exit', 'pod-exit', 'link-closed', 'store-gone', 'beats-missed']),
      atMs: epochMs,
      detail: z.string().exactOptional(),
    }),
  ),
});

const recoverySchema = z.object({
  id: z.string(),
  certificate: certificateSchema,
  diedAtMs: epochMs,
  detectMs: ms,
  fenceMs: orNull(ms),
  reclaimMs: orNull(ms),
  respawnMs: orNull(ms),
  firstOrphanMs: orNull(ms),
  lastOrphanMs: orNull(ms),
  orphans: z.record(z.string(), z.array(z.string())).describe('job ids given back, by queue'),
  state: z.enum(['running', 'done']),
}) satisfies Same<Recovery>;

export const recoveriesSchema = z.object({ recoveries: z.array(recoverySchema) });

export const orderSchema = z.object({
  order: z.enum(['drain', 'kill']),
  target: z.string().describe('id of a worker or a pod'),
  kind: z.enum(['worker', 'pod']),
});

export const jobChangedSchema = z.object({
  id: z.string(),
  queue: z.string(),
  done: z.enum(['retried', 'promoted']),
});

export const problemSchema = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string().describe('stable; docs/errors.md lists them'),
  detail: z.string(),
  instance: z.string().optional(),
  faults: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
});
