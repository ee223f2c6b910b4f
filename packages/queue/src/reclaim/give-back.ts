import type { Redis } from 'ioredis';
import { runScript } from '../connection/client.ts';
import type { QueueKeys } from '../keys.ts';
import { pack } from '../pack.ts';

/** Jobs a call: one call over 5,000 held the store for 400 ms. */
const MAX_JOBS_A_CALL = 64;

export interface GiveBack {
  readonly startId: string;
  readonly cause: string;
  /** Null: all that the start holds. */
  readonly jobIds: readonly string[] | null;
  readonly nowMs: number;
}

/** The keys that lua/returns.lua takes first. */
export const returnKeys = (keys: QueueKeys) => [
  ...[keys.wait, keys.active, keys.prioritized, keys.stalled, keys.meta, keys.events, keys.marker],
  ...keys.accountList,
];

/** Gives jobs that a start holds back to the head of the queue (lua/scripts/give-back.lua), chunk by chunk. */
export async function giveBack(client: Redis, keys: QueueKeys, request: GiveBack): Promise<string[]> {
  const { startId, cause, jobIds, nowMs } = request;
  const args = [
    ...returnKeys(keys),
    ...[keys.prefix, nowMs, startId, cause, MAX_JOBS_A_CALL],
    jobIds === null ? '' : pack(jobIds),
  ];
  const all: string[] = [];
  for (;;) {
    const moved = (await runScript(client, 'give-back', args)) as string[];
    // A later chunk holds older jobs, which stand ahead of the earlier ones.
    all.unshift(...moved.reverse());
    if (moved.length < MAX_JOBS_A_CALL) return all;
  }
}
