import { type Clock, type Log, messageOf } from '@millrace/core';
import type { Redis } from 'ioredis';
import { onConnected, runScript } from '../connection/client.ts';
import type { QueueKeys } from '../keys.ts';
import { giveBack } from '../reclaim/give-back.ts';

/** A net under the look after each reconnect. */
const AUDIT_EVERY_MS = 30_000;

/**
 * Jobs that the store has locked by this start and that no reply ever gave to it: the answer to their take was
 * lost with a connection. Exact, since replies of one connection keep the order of the calls: a take sent before
 * this look was answered before it, a later one is not in it.
 */
async function lostTakes(
  client: Redis,
  keys: QueueKeys,
  startId: string,
  inHands: (jobId: string) => boolean,
): Promise<string[]> {
  const reply = await runScript(client, 'held', [keys.active, ...keys.accountList, keys.prefix, startId]);
  return (reply as string[]).filter((jobId) => !inHands(jobId));
}

export interface AuditOptions {
  readonly client: Redis;
  readonly keys: QueueKeys;
  readonly queue: string;
  readonly startId: string;
  readonly inHands: (jobId: string) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** From `start` on, gives back what was taken and never answered: after each reconnect, and now and then. */
export function createAudit({ client, keys, queue, startId, inHands, clock, log }: AuditOptions) {
  let timer: { cancel(): void } | undefined;

  async function audit(): Promise<void> {
    try {
      const jobIds = await lostTakes(client, keys, startId, inHands);
      if (jobIds.length === 0) return;
      const cause = 'take answered into the void';
      await giveBack(client, keys, { startId, cause, jobIds, nowMs: clock.nowMs() });
      log.info({ queue, jobs: jobIds.length }, 'gave back jobs whose take was never answered');
    } catch (error) {
      log.debug({ queue, error: messageOf(error) }, 'audit');
    }
  }
  return {
    start(): void {
      onConnected(client, () => void audit());
      timer = clock.every(AUDIT_EVERY_MS, () => void audit());
    },
    stop: () => timer?.cancel(),
  };
}
