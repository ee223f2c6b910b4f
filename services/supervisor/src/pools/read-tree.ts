import { RESTART_TYPES, STRATEGIES } from '@millrace/core';
import { z } from 'zod';
import type { PoolNode, Tree } from './tree.ts';

const MODES = [
  'idle',
  'starting',
  'running',
  'escalating',
  'escalated',
  'trial',
  'stopping',
  'stopped',
] as const;

const child = z.object({
  id: z.string(),
  restart: z.enum(RESTART_TYPES),
  shutdown: z.union([z.number(), z.enum(['infinity', 'brutal_kill'])]),
});

const spec = z.object({
  strategy: z.enum(STRATEGIES),
  intensity: z.number(),
  periodMs: z.number(),
  backoff: z.object({ firstMs: z.number(), maxMs: z.number() }).nullable(),
  children: z.array(child),
});

const engine = z.object({
  spec,
  mode: z.enum(MODES),
  children: z.array(
    z.object({
      id: z.string(),
      status: z.enum(['down', 'owed', 'starting', 'running', 'fallen', 'stopping']),
    }),
  ),
  restarts: z.array(z.number()),
  stops: z.array(z.string()),
  starts: z.array(z.string()),
  startsDueMs: z.number(),
  mailbox: z.array(
    z.object({
      id: z.string(),
      what: z.enum(['normal', 'shutdown', 'abnormal', 'replaced', 'retry', 'due']),
    }),
  ),
  waiting: z.array(z.object({ id: z.string(), dueMs: z.number() })),
  why: z.enum(['intensity', 'start-failed']),
});

const trouble = z.object({
  reason: z.string(),
  sinceMs: z.number(),
  retryAtMs: z.number().nullable(),
  tries: z.number(),
});

const node = z.object({
  name: z.string(),
  engine,
  pods: z.record(z.string(), z.string()),
  spare: z.array(z.string()),
  trouble: trouble.nullable(),
  provenAtMs: z.number().nullable(),
  healed: z.object({ atMs: z.number(), tries: z.number() }).nullable(),
});

const tree = z.object({ version: z.literal(1), pools: z.array(z.unknown()) });

/**
 * What was saved, if it is a tree of this version, without the pools that are not as we know them: another build may
 * have saved it, and must not bring down every replica in turn.
 */
export function readTree(saved: unknown): Tree | null {
  if (!tree.safeParse(saved).success) return null;
  // Not as parsed: specs are compared as text, in the order in which they were written.
  const { pools } = saved as { readonly pools: readonly unknown[] };
  return { version: 1, pools: pools.filter((pool) => node.safeParse(pool).success) as PoolNode[] };
}
