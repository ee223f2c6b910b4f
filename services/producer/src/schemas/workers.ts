import type { ClusterStatus, PodStatus, WorkerStatus } from '@millrace/core';
import { z } from 'zod';
import { epochMs, ms, orNull, type Same } from './parts.ts';
import { poolSchema } from './pools.ts';

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
  supervisor: z.object({
    id: z.string(),
    pid: z.int(),
    startedAtMs: epochMs,
    leader: z.boolean().describe('it acts on pods, pools and circuits'),
  }),
  pods: z.array(podSchema),
  workers: z.array(workerSchema),
  pools: z.array(poolSchema).describe('in the order of the configuration'),
}) satisfies Same<ClusterStatus>;

export const orderSchema = z.object({
  order: z.enum(['drain', 'kill', 'resume-pool']),
  target: z.string().describe('id of a worker or a pod, or name of a pool'),
  kind: z.enum(['worker', 'pod', 'pool']),
});
