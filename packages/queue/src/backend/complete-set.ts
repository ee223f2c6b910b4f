import type { RedisClient } from 'bullmq';
import type { QueueKeys } from '../keys.ts';
import type { Completion } from './completions.ts';
import { ownCommand } from './compose.ts';
import type { BackendIdentity } from './identity.ts';
import { type RawTake, received } from './raw-take.ts';
import { heard } from './refusals.ts';

/** What the store made of one completion. */
export interface Completed {
  /** Negative: BullMQ's code of why it was refused. */
  readonly code: number;
  /** The job that comes next, or why there is none; null when none was asked for. */
  readonly next: RawTake | null;
  /** Ms since 1970 by the store's clock, which is so much ahead of ours. */
  readonly atMs: number;
  readonly aheadMs: number;
}

const COMMAND = ownCommand('complete');

type Reply = readonly [nowMs: number, ...results: (number | RawTake)[]];

/** BullMQ's worker waits by its own clock until the fourth value, when the next delayed job is due. */
function inOurTime(take: RawTake, aheadMs: number): RawTake {
  const [hash, jobId, limitMs, dueMs] = take;
  return Number(dueMs) > 0 ? [hash, jobId, limitMs, Number(dueMs) - aheadMs] : take;
}

/**
 * Completes a set of jobs in one call (lua/scripts/complete.lua) and takes the next for those that want one. `options` are
 * the worker's, as JSON. Tells `identity` of every end and every take before anybody else. Throws `fenced`, and what the
 * connection throws.
 */
export async function completeSet(
  client: RedisClient,
  keys: QueueKeys,
  identity: BackendIdentity,
  options: string,
  set: readonly Completion[],
): Promise<Completed[]> {
  const mayTake = identity.mayTake();
  const jobs = [
    ...set.map(({ jobId }) => jobId),
    ...set.map(({ token }) => token),
    ...set.map(({ startNumber }) => startNumber),
    ...set.map(({ returnValue }) => returnValue),
    ...set.map(({ takesNext }) => (takesNext && mayTake ? '1' : '0')),
    ...set.map(({ stamps }) => stamps),
    ...set.map(({ attemptsMade }) => attemptsMade),
  ];
  const own = [...keys.takeList, keys.completed, ...keys.accountList];
  const args = [...own, keys.prefix, identity.startId, options, set.length, ...jobs];
  const sentMs = identity.nowMs();
  const reply = (await client.runCommand(COMMAND, args as string[])) as number | Reply;
  const [atMs, ...results] = typeof reply === 'number' ? [sentMs, ...set.map(() => reply)] : reply;
  const aheadMs = atMs - sentMs;
  identity.asOneReply(() => {
    for (const [i, result] of results.entries()) {
      identity.settled(set[i]?.jobId ?? '', typeof result === 'number' && result < 0, 'completed');
      if (typeof result !== 'number' && result[0]) {
        identity.taken(String(result[1]), received(result, identity.startId));
      }
    }
  });
  heard(identity, reply);
  return results.map((result) => {
    const isCode = typeof result === 'number';
    return { code: isCode ? result : 0, next: isCode ? null : inOurTime(result, aheadMs), atMs, aheadMs };
  });
}
