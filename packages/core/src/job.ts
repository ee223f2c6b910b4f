import { z } from 'zod';

/** Where a job can be; BullMQ's own words. `waiting` also holds a paused queue's jobs. */
export const JOB_STATES = [
  'waiting',
  'prioritized',
  'delayed',
  'active',
  'completed',
  'failed',
  'waiting-children',
] as const;
export type JobState = (typeof JOB_STATES)[number];

const DAY_MS = 86_400_000;

/** The `opts` of a job as clients write them: every key optional, unknown keys refused. */
export const jobOptionsSchema = z
  .strictObject({
    priority: z.int().min(0).max(2_097_151).describe('0 runs first in order of arrival; then 1 before 2 …'),
    delayMs: z
      .int()
      .min(0)
      .max(365 * DAY_MS)
      .describe('earliest start, ms from now'),
    attempts: z.int().min(1).max(100).describe('how often it may run, failures included'),
    backoff: z
      .strictObject({
        type: z.enum(['fixed', 'exponential']),
        delayMs: z.int().min(0).max(DAY_MS),
        jitter: z.number().min(0).max(1).optional(),
      })
      .describe('the wait between attempts'),
    timeoutMs: z
      .int()
      .min(1)
      .max(7 * DAY_MS)
      .describe('longest run of one attempt'),
    deduplicationId: z
      .string()
      .min(1)
      .max(256)
      .describe('while a job with it waits or runs, another add is that job'),
    shardKey: z.string().min(1).max(256).describe('jobs of one key stay in order on a sharded queue'),
    deadline: z.iso.datetime({ offset: true }).describe('no attempt starts after it'),
  })
  .partial();
export type JobOptions = z.infer<typeof jobOptionsSchema>;

/** A job as a producer hands it in. `data` is any JSON value. */
export const newJobSchema = z.strictObject({
  name: z.string().min(1).max(128),
  data: z.json().default({}),
  opts: jobOptionsSchema.default({}),
});
export type NewJob = z.infer<typeof newJobSchema>;

/** One past or running attempt of a job. Times are ms since 1970. */
export interface AttemptView {
  /** Counts starts, from 1. */
  readonly start: number;
  /** The start id of the worker process that ran it. */
  readonly worker: string | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly outcome: 'running' | 'completed' | 'failed' | 'retried' | 'returned' | 'killed' | 'cancelled';
  /** Why it was killed or returned: the cause on the death certificate, or the drain's reason. */
  readonly cause?: string;
  readonly error?: string;
  /** Of its span, if it has one: 16 hex digits. */
  readonly spanId: string;
}

/** A job as the API shows it. */
export interface JobView {
  readonly id: string;
  readonly queue: string;
  readonly name: string;
  readonly state: JobState | 'unknown';
  readonly data: unknown;
  readonly opts: Record<string, unknown>;
  readonly progress: unknown;
  readonly result: unknown;
  readonly error: string | null;
  readonly attemptsMade: number;
  readonly attemptsStarted: number;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** Deaths of its process that count against it. */
  readonly kills: number;
  /** It runs alone, in a process of its own, until it ends in any other way than by a death. */
  readonly suspect: boolean;
  readonly attempts: readonly AttemptView[];
  /** Of the trace that its attempts' spans are in, if they have any: 32 hex digits. */
  readonly traceId: string;
  readonly links: JobLinks;
}

/** Where else a job is told of. */
export interface JobLinks {
  /** Path of the job. */
  readonly self: string;
  /** URL of its trace, where `http.traceUrl` says how to make one. */
  readonly trace?: string;
}
