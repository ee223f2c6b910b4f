import { JOB_STATES, queueNameSchema } from '@millrace/core';
import { z } from 'zod';

const id = z.string().min(1).max(256);
const wholeNumber = (min: number, max: number, otherwise: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .default(otherwise);

export const queueParams = z.object({ queue: queueNameSchema });
export const jobParams = queueParams.extend({ id });
export const workerParams = z.object({ id: id.describe('id of a worker process or a pod') });
export const poolParams = z.object({ pool: queueNameSchema.describe('name of the pool') });
export const readerParams = queueParams.extend({ reader: queueNameSchema.describe('name of the reader') });

export const jobsQuery = z.strictObject({
  state: z.enum(JOB_STATES).default('waiting'),
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, 'must be the cursor of the page before')
    .optional(),
  limit: wholeNumber(1, 1_000, 20),
});
export const deadLettersQuery = z.strictObject({
  cursor: z
    .string()
    .regex(/^.{1,256}@\d{1,15}$/, 'must be the cursor of the page before')
    .optional(),
  limit: wholeNumber(1, 100, 20),
});
export const ledgerQuery = z.strictObject({
  cursor: z
    .string()
    .regex(/^\d{1,15}-\d{1,15}$/, 'must be the cursor of the page before')
    .optional(),
  limit: wholeNumber(1, 10_000, 1_000),
});
export const recoveriesQuery = z.strictObject({ limit: wholeNumber(1, 1_000, 20) });

export const queuePatchSchema = z
  .strictObject({
    paused: z.boolean().describe('true: no more jobs are handed out; running ones finish, adds go on'),
    bound: z.int().min(1).max(10_000_000).describe('most jobs waiting, paused, prioritized or delayed'),
    concurrency: z
      .int()
      .min(1)
      .max(1_000_000)
      .nullable()
      .describe('jobs at once over all workers; null lifts the limit'),
  })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, 'say what to change: paused, bound or concurrency');
