import type { Redis } from 'ioredis';
import { runScript } from '../connection/client.ts';
import type { QueueKeys } from '../keys.ts';

/**
 * Jobs that the store has locked by this start and that no reply ever gave to it: the answer to their take was
 * lost with a connection. Exact, since replies of one connection keep the order of the calls: a take sent before
 * this look was answered before it, a later one is not in it.
 */
export async function lostTakes(
  client: Redis,
  keys: QueueKeys,
  startId: string,
  inHands: (jobId: string) => boolean,
): Promise<string[]> {
  const reply = await runScript(client, 'held', [keys.active, ...keys.accountList, keys.prefix, startId]);
  return (reply as string[]).filter((jobId) => !inHands(jobId));
}
