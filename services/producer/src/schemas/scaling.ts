import type { PoolScaling } from '@millrace/core';
import { z } from 'zod';
import { epochMs, ms, type Same } from './parts.ts';

export const scalingSchema = z.object({
  pool: z.string(),
  desired: z.int().describe('pods that the pool should have; the number that an autoscaler reads'),
  waiting: z.int().describe('jobs that wait in its queues, paused ones left out'),
  delayedDue: z
    .int()
    .describe('delayed jobs that are due by now, or within the time that a pod takes to start'),
  active: z.int().describe('jobs that run'),
  concurrency: z.int().describe('jobs at once in one pod, of the queue that asks for the most pods'),
  serviceMs: ms.describe('how long a job of that queue takes on average'),
  serviceKnown: z.boolean().describe('false: no job of it ever ran, and serviceMs is assumed'),
  queues: z.array(z.string()),
  atMs: epochMs.describe(
    'when the leader worked it out; older than 15 s, the number rises with the counts and never falls',
  ),
}) satisfies Same<PoolScaling>;
