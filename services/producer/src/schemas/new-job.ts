import { newJobSchema as coreSchema } from '@millrace/core';
import { z } from 'zod';

/** Most jobs of one bulk: what one script call of the store may hold it for. */
export const MAX_BULK = 10_000;

/**
 * A job in a request's body. What JSON.parse returned is JSON: walking `data` again with a schema that says no more
 * would cost more than all the rest of the request.
 */
export const newJobSchema = coreSchema.extend({
  data: z.unknown().default({}).describe('any JSON value; checked by the handler’s input schema'),
});

export const bulkSchema = z.strictObject({
  jobs: z.array(newJobSchema).min(1).max(MAX_BULK).describe('all are accepted, or none'),
});

/** The envelope of a bulk; its jobs are checked one by one, so that a large one keeps nobody waiting. */
export const bulkEnvelopeSchema = z.strictObject({ jobs: z.array(z.unknown()).min(1) });
