import type { Redis } from 'ioredis';
import type { QueueKeys } from '../keys.ts';

/** What reclaim.lua writes down of the attempt that made the job an orphan; see lua/returns.lua. */
interface Attempt {
  readonly o: string;
  readonly s?: number;
  readonly a?: number;
}

/** Whether the job waits as it was put back: its last attempt is the killed one, and no take came after that. */
function isStillOrphan(processedOn: string, ats: string | null, attempts: string | null): boolean {
  const line = (attempts ?? '').trimEnd().split('\n').at(-1) ?? '';
  if (line === '') return false;
  const last = JSON.parse(line) as Attempt;
  return last.o === 'killed' && last.a === Number(processedOn) && (last.s ?? 0) === Number(ats ?? 0);
}

/**
 * Of jobs that were reclaimed, those that have been taken since, with when, and those that are gone, with now: ms since
 * 1970, the store's time.
 */
export async function startedSince(
  redis: Redis,
  keys: QueueKeys,
  jobIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const pipeline = redis.pipeline().time();
  for (const id of jobIds) pipeline.hmget(keys.job(id), 'name', 'processedOn', 'ats', 'mrAttempts');
  const [time, ...replies] = ((await pipeline.exec()) ?? []).map(([error, reply]) => {
    if (error) throw error;
    return reply as (string | null)[];
  });
  const found = new Map<string, number>();
  for (const [at, [name, processedOn = null, ats = null, attempts = null] = []] of replies.entries()) {
    const id = jobIds[at] as string;
    if (name === null) found.set(id, Number(time?.[0]) * 1_000);
    else if (processedOn !== null && !isStillOrphan(processedOn, ats, attempts))
      found.set(id, Number(processedOn));
  }
  return found;
}
