import type { RedisClient } from 'bullmq';
import type { QueueKeys } from '../keys.ts';
import type { Completion } from './completions.ts';
import { SCRIPTS } from './compose.ts';
import type { BackendIdentity } from './identity.ts';
import { marksOf, type RawTake } from './raw-take.ts';
import { throwIfRefused } from './refusals.ts';

/** What the store made of one completion. */
export interface Completed {
  /** Negative: BullMQ's code of why it was refused. */
  readonly code: number;
  /** The job that comes next, or why there is none; null when none was asked for. */
  readonly next: RawTake | null;
  /** Ms since 1970 by the store's clock. */
  readonly atMs: number;
}

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
  const jobs = set.flatMap((each) => [
    ...[each.jobId, each.token, each.startNumber, each.returnValue, each.takesNext && mayTake ? '1' : '0'],
    ...[identity.stamps(each.jobId), each.attemptsMade],
  ]);
  const own = [...keys.takeList, keys.completed, ...keys.accountList];
  const args = [...own, keys.prefix, identity.startId, options, set.length, ...jobs];
  const reply = (await client.runCommand(COMMAND, args as string[])) as number | Reply;
  const [storeMs, ...results] = typeof reply === 'number' ? [0, ...set.map(() => reply)] : reply;
  const aheadMs = storeMs - identity.nowMs();
  for (const [i, result] of results.entries()) {
    identity.settled(set[i]?.jobId ?? '', typeof result === 'number' && result < 0, 'completed');
    if (typeof result !== 'number' && result[0]) identity.taken(String(result[1]), marksOf(result[0]));
  }
  throwIfRefused(reply);
  return results.map((result) =>
    typeof result === 'number'
      ? { code: result, next: null, atMs: storeMs }
      : { code: 0, next: inOurTime(result, aheadMs), atMs: storeMs },
  );
}

const COMMAND = SCRIPTS.own.get('complete')?.command ?? '';
