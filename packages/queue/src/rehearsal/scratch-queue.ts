import type { Redis } from 'ioredis';
import { type QueueKeys, queueKeys } from '../keys.ts';

/** What is not forgotten by whoever rehearsed, since that was killed for example, is gone after this. */
const FORGOTTEN_MS = 60_000;

/** A queue that nobody else knows, of which nothing is left. */
export interface ScratchQueue {
  readonly name: string;
  readonly keys: QueueKeys;
  /** To be called behind whatever makes keys that were not there before. */
  forgetSoon(): void;
  forget(): Promise<unknown>;
}

/** `startId` is the rehearsed start's, `jobIds` are all that the queue will have. */
export function scratchQueue(
  client: Redis,
  prefix: string,
  startId: string,
  jobIds: readonly string[],
): ScratchQueue {
  const name = `millrace-${startId}`;
  const keys = queueKeys(prefix, name);
  const jobs = jobIds.map((id) => keys.job(id));
  const all = [
    ...[keys.id, keys.completed, keys.stalledCheck, ...keys.takeList, ...keys.accountList],
    ...[keys.death(startId), keys.deathOrphans(startId), ...jobs, ...jobs.map((key) => `${key}:lock`)],
  ];
  return {
    name,
    keys,
    forgetSoon() {
      for (const key of all) client.pexpire(key, FORGOTTEN_MS).catch(() => undefined);
    },
    forget: () => client.unlink(...all),
  };
}
