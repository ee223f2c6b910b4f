import type { DeadLetter, KillView } from '@millrace/core';
import { z } from 'zod';
import { beatSchema, causeSchema, lastLines } from './deaths.ts';
import { linksSchema } from './jobs.ts';
import { bytes, epochMs, json, orNull, type Same } from './parts.ts';

const killSchema = z.object({
  atMs: epochMs,
  start: z.int().describe('which start of the job it was'),
  worker: z.string(),
  cause: causeSchema,
  exitCode: orNull(z.int()),
  exitSignal: orNull(z.string()),
  isolated: z.boolean().describe('it ran alone: nobody else can have been the killer'),
  lastLines,
  peakRssBytes: orNull(bytes),
  memoryLimitBytes: orNull(bytes),
  coRunners: z
    .array(z.object({ queue: z.string(), id: z.string() }))
    .describe('in the same process, at most 64'),
  beats: z.array(beatSchema),
  spanId: z.string().describe('of the killed attempt, in the trace of the job'),
  recoveryTraceId: orNull(z.string()).describe('of the recovery; null where no worker died'),
}) satisfies Same<KillView>;

export const deadLetterSchema = z.object({
  id: z.string(),
  queue: z.string(),
  name: z.string(),
  data: json,
  reason: z
    .enum(['poison', 'attempts', 'final'])
    .describe('it killed its process too often · no attempt was left · the handler said so'),
  error: z.string(),
  diedAtMs: epochMs,
  attemptsMade: z.int(),
  kills: z.array(killSchema).describe('oldest first'),
  lineage: z.array(z.string()).describe('dead letters that this job is a replay of, oldest first'),
  replayedAs: orNull(z.string()).describe('id of the job that replays it'),
  traceId: z.string().describe('of the trace that the spans of its attempts are in'),
  links: linksSchema,
}) satisfies Same<DeadLetter>;

export const deadLetterPageSchema = z.object({
  letters: z.array(deadLetterSchema),
  cursor: orNull(z.string()).describe('null on the last page'),
}) satisfies Same<{ readonly letters: readonly DeadLetter[]; readonly cursor: string | null }>;

export const replayedSchema = z.object({
  id: z.string().describe('the new job'),
  queue: z.string(),
  replayOf: z.string().describe('the dead letter'),
  links: linksSchema.extend({ letter: z.string().describe('path of the dead letter') }),
});
