import { z } from 'zod';

/** What the producer answers of deaths, as far as the CLI reads it; loose as in answers.ts. Times are ms since 1970. */
const beatSchema = z.looseObject({ atMs: z.number(), busy: z.number(), rssBytes: z.number() });
export type BeatAnswer = z.infer<typeof beatSchema>;

const phase = z.number().nullable();

/** Where a trace is looked at; an older server tells neither. */
const traced = {
  traceId: z.string().optional(),
  links: z.looseObject({ trace: z.string().optional() }).optional(),
};

/** What both a certificate and a kill tell of the end of a process; an older server tells less. */
const end = {
  cause: z.string(),
  exitCode: z.number().nullable().default(null),
  exitSignal: z.string().nullable().default(null),
  lastLines: z.array(z.string()).default([]),
  peakRssBytes: z.number().nullable().default(null),
  memoryLimitBytes: z.number().nullable().default(null),
  beats: z.array(beatSchema).default([]),
};

export const recoverySchema = z.looseObject({
  id: z.string(),
  certificate: z.looseObject({
    worker: z.string(),
    pod: z.string(),
    blame: z.string().default('unknown'),
    evidence: z
      .array(z.looseObject({ kind: z.string(), atMs: z.number(), detail: z.string().optional() }))
      .default([]),
    ...end,
  }),
  diedAtMs: z.number(),
  detectMs: z.number(),
  fenceMs: phase,
  reclaimMs: phase,
  respawnMs: phase,
  firstOrphanMs: phase,
  lastOrphanMs: phase,
  orphans: z.record(z.string(), z.array(z.string())),
  state: z.string(),
  ...traced,
});
export type RecoveryAnswer = z.infer<typeof recoverySchema>;
export const recoveriesSchema = z.looseObject({ recoveries: z.array(recoverySchema) });

const killSchema = z.looseObject({
  atMs: z.number(),
  start: z.number(),
  worker: z.string(),
  isolated: z.boolean(),
  coRunners: z.array(z.looseObject({ queue: z.string(), id: z.string() })),
  recoveryTraceId: z.string().nullable().optional(),
  ...end,
});
export type KillAnswer = z.infer<typeof killSchema>;

export const letterSchema = z.looseObject({
  id: z.string(),
  queue: z.string(),
  name: z.string(),
  data: z.unknown(),
  reason: z.string(),
  error: z.string(),
  diedAtMs: z.number(),
  attemptsMade: z.number(),
  kills: z.array(killSchema),
  lineage: z.array(z.string()),
  replayedAs: z.string().nullable(),
  ...traced,
});
export type LetterAnswer = z.infer<typeof letterSchema>;
export const letterPageSchema = z.looseObject({
  letters: z.array(letterSchema),
  cursor: z.string().nullable(),
});
export type LetterPageAnswer = z.infer<typeof letterPageSchema>;
export const replayedSchema = z.looseObject({ id: z.string(), queue: z.string() });

/** Why a job is a dead letter; what `--reason` takes. */
export const REASONS = ['poison', 'attempts', 'final'] as const;
