import { type Circuit, type PoolStatus, RESTART_TYPES, STRATEGIES } from '@millrace/core';
import { z } from 'zod';
import { epochMs, ms, orNull, type Same } from './parts.ts';

export const circuitSchema = z.object({
  pool: z.string(),
  reason: z.string(),
  sinceMs: epochMs,
  retryAtMs: orNull(epochMs).describe(
    'when one pod is tried, or when a pool that waits for another may start; null while a trial runs',
  ),
}) satisfies Same<Circuit>;

export const poolSchema = z.object({
  name: z.string(),
  state: z.enum(['running', 'starting', 'open', 'half-open', 'waiting', 'stopped']),
  strategy: z.enum(STRATEGIES),
  restart: z.enum(RESTART_TYPES),
  desired: z.int().describe('pods that are to run'),
  pods: z.int().describe('pods that run'),
  queues: z.array(z.string()),
  restarts: z.object({ used: z.int(), intensity: z.int(), periodMs: ms }),
  circuit: orNull(circuitSchema),
}) satisfies Same<PoolStatus>;

export const poolsSchema = z.object({ pools: z.array(poolSchema) });
