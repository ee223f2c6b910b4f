import type { NewJob } from '@millrace/core';
import type { z } from 'zod';
import { refusalError } from '../admission/check-job.ts';
import type { Call } from '../http/route.ts';
import type { queueParams } from '../schemas/parameters.ts';
import type { Services } from '../services.ts';

export type JobsCall = Call<z.infer<typeof queueParams>, unknown, unknown>;

/** What one request asks for, read and parsed. */
export interface Asked {
  readonly queue: string;
  readonly body: unknown;
  readonly bodyBytes: number;
  readonly key: string | null;
}

export const replayHeader = (replayed: boolean): Record<string, string> =>
  replayed ? { 'idempotency-replayed': 'true' } : {};

/** The one job of a body. Throws why it may not be stored. */
export async function checkOne(
  services: Services,
  { queue, body, bodyBytes }: Pick<Asked, 'queue' | 'body' | 'bodyBytes'>,
): Promise<NewJob> {
  const checked = await services.checker.check(queue, body, '', bodyBytes);
  if (!checked.ok) throw refusalError([checked], services.config.job.maxBytes);
  return checked.job;
}
