import type { Redis } from 'ioredis';
import { type QueueKeys, queueKeys } from '../keys.ts';

/** What a process that is killed in the middle of a rehearsal leaves behind is gone after this. */
const FORGOTTEN_MS = 60_000;

/** A queue that nobody else knows, of which nothing is left. */
export interface ScratchQueue {
  readonly name: string;
  readonly keys: QueueKeys;
  /** To be called again whenever there are keys that were not there before. */
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
  // BullMQ's own: who looked for stalled jobs last.
  const looked = keys.job('stalled-check');
  const all = [
    ...[keys.id, keys.completed, looked, ...keys.takeList, ...keys.accountList],
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
