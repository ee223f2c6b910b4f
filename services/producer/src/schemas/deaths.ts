import type { BeatSample, DeathCertificate } from '@millrace/core';
import { z } from 'zod';
import { bytes, epochMs, ms, type Same } from './parts.ts';

/** What certificates and dead letters tell of the end of a process in the same words. */
export const causeSchema = z.enum([
  'crash',
  'oom',
  'killed',
  'ordered',
  'hung',
  'pod-lost',
  'shutdown',
]) satisfies Same<DeathCertificate['cause']>;

export const beatSchema = z.object({
  atMs: epochMs,
  busy: z.int(),
  loopDelayMs: ms,
  cpuMs: ms,
  rssBytes: bytes,
  heapBytes: bytes,
}) satisfies Same<BeatSample>;

export const lastLines = z.array(z.string()).describe('of its outputs, oldest first');
