import type { LedgerEntry, LedgerPage, QueueSnapshot } from '@millrace/queue';
import { z } from 'zod';
import { epochUs, ms, orNull, type Same } from './parts.ts';
import { circuitSchema } from './pools.ts';

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
  circuit: orNull(circuitSchema).describe('set while no pool behind the queue works: adds are refused'),
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
  takenMs: z.int(),
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
