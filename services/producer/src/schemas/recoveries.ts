import type { DeathCertificate, RecoveryView } from '@millrace/core';
import { z } from 'zod';
import { beatSchema, causeSchema, lastLines } from './deaths.ts';
import { bytes, epochMs, ms, orNull, type Same } from './parts.ts';

const certificateSchema = z.object({
  worker: z.string(),
  pod: z.string(),
  pid: z.int(),
  slot: orNull(z.int()),
  cause: causeSchema,
  blame: z.enum(['jobs', 'unknown', 'none']).describe('whose fault it may be; none counts against no job'),
  exitCode: orNull(z.int()),
  exitSignal: orNull(z.string()),
  diedAtMs: epochMs,
  certifiedAtMs: epochMs,
  evidence: z.array(
    z.object({
      kind: z.enum([
        'process-exit',
        'pod-exit',
        'pod-terminated',
        'link-closed',
        'store-gone',
        'beats-missed',
      ]),
      atMs: epochMs,
      detail: z.string().exactOptional(),
    }),
  ),
  lastLines,
  peakRssBytes: orNull(bytes).describe('null when nobody looked'),
  memoryLimitBytes: orNull(bytes).describe('null without a limit'),
  beats: z.array(beatSchema).describe('the last before the end, oldest first'),
}) satisfies Same<DeathCertificate>;

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
  traceId: z.string().describe('of its trace, if somebody keeps it'),
  links: z.object({
    trace: z.string().exactOptional().describe('where its trace is looked at; with `http.traceUrl`'),
  }),
}) satisfies Same<RecoveryView>;

export const recoveriesSchema = z.object({ recoveries: z.array(recoverySchema) });
