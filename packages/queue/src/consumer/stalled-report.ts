import { type Log, messageOf } from '@millrace/core';
import type { Redis } from 'ioredis';
import type { QueueKeys } from '../keys.ts';
import { readDeadAttempts } from '../reclaim/dead-attempts.ts';
import type { ConsumerOptions } from '../types/consumer.ts';

/**
 * Tells `onAttemptsLost` of jobs that this consumer's look found without a lock and put back. The worker that ran them
 * may live, but its end of them will be refused; so nobody else tells.
 */
export function createStalledReport(
  { queue, onAttemptsLost }: Pick<ConsumerOptions, 'queue' | 'onAttemptsLost'>,
  { client, keys, log }: { readonly client: Redis; readonly keys: QueueKeys; readonly log: Log },
): (jobIds: readonly string[]) => void {
  if (onAttemptsLost === undefined) return () => undefined;
  return (jobIds) => {
    readDeadAttempts(client, keys, { queue, worker: null }, jobIds)
      .then(onAttemptsLost)
      .catch((error) => log.warn({ queue, error: messageOf(error) }, 'Telling of lost attempts failed'));
  };
}
