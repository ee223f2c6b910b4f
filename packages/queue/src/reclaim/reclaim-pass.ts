import type { Redis } from 'ioredis';
import { throwIfRefused } from '../backend/refusals.ts';
import { runScript } from '../connection/client.ts';
import type { QueueKeys } from '../keys.ts';
import { pack } from '../pack.ts';
import type { DeadStart, ReclaimResult } from '../types/supervision.ts';
import { returnKeys } from './give-back.ts';

/** Jobs moved and entries looked at in one script call: keeps the store below about 1.5 ms on a slow core. */
export const MOVES_A_CALL = 24;
const LOOKS_A_CALL = 1_024;
/** How long a death is remembered: as long as the store refuses the dead. */
const REMEMBER_MS = 7 * 86_400_000;
/** Evidence that is put down before it is known whether the start left anything behind. */
const FORGET_MS = 600_000;
const ANCHORS = 16;

/**
 * Steps under way at once where there is nothing but orphans: one fsync of the store serves them. Elsewhere a step
 * is sent when the last one has told how far it looked, for until then the next would look at the same entries.
 */
export const STEPS_AHEAD = 4;

type Answer = number | [] | [string, string[]];
type StepReply = [over: 0 | 1, moved: number, anchors: string[], ...answers: Answer[]];

/** What one start's pass came to: its orphans, or the store's refusal. */
export type PassResult = PromiseSettledResult<ReclaimResult>;

/** Evidence is there before the first job can be counted as killed; who saw the crash itself knows best. */
function putEvidence(client: Redis, keys: QueueKeys, dead: readonly DeadStart[]): void {
  const blamed = dead.filter(({ certificate }) => certificate.blame !== 'none');
  if (blamed.length === 0) return;
  const pipeline = client.pipeline();
  for (const { startId, certificate } of blamed) {
    const [key, text] = [keys.death(startId), JSON.stringify(certificate)];
    if (certificate.blame === 'jobs') pipeline.hset(key, 'evidence', text);
    else pipeline.hsetnx(key, 'evidence', text);
    pipeline.pexpire(key, FORGET_MS, 'NX');
  }
  // Not awaited: it goes out ahead of the scripts, and if it is lost, so are they.
  pipeline.exec().catch(() => undefined);
}

function settled(answer: Answer | undefined): PassResult {
  try {
    const [eventsAfter = '', jobIds = []] = throwIfRefused(answer ?? []) as Partial<[string, string[]]>;
    return { status: 'fulfilled', value: { jobIds, eventsAfter: eventsAfter || '0-0' } };
  } catch (reason) {
    return { status: 'rejected', reason };
  }
}

/**
 * One pass over the active jobs of a queue for all of `dead` (lua/scripts/reclaim.lua), step by step. `poisonKills`
 * 0: deaths are not counted against jobs. Resolves one result a start, in their order; rejects when the store is away.
 */
export async function reclaimPass(
  client: Redis,
  keys: QueueKeys,
  dead: readonly DeadStart[],
  poisonKills: number,
): Promise<PassResult[]> {
  if (poisonKills > 0) putEvidence(client, keys, dead);
  const deaths = pack(
    dead.map(({ startId, certificate: { cause, blame } }) => [startId, cause, blame] as const),
  );
  let anchors: string[] = [];
  function step(): Promise<StepReply> {
    const reply = runScript(client, 'reclaim', [
      ...returnKeys(keys),
      ...[keys.prefix, deaths, pack(anchors)],
      ...[poisonKills, MOVES_A_CALL, LOOKS_A_CALL, REMEMBER_MS],
    ]) as Promise<StepReply>;
    // One that was sent ahead may fail before its turn to be heard.
    reply.catch(() => undefined);
    return reply;
  }
  const underWay = [step()];
  try {
    for (;;) {
      const [over, moved, kept, ...answers] = (await underWay.shift()) as StepReply;
      if (over === 1) return dead.map((_, index) => settled(answers[index]));
      anchors = [...kept, ...anchors].slice(0, ANCHORS);
      const wanted = moved === MOVES_A_CALL ? STEPS_AHEAD : 1;
      while (underWay.length < wanted) underWay.push(step());
    }
  } finally {
    // What was sent ahead finds nothing more to move.
    await Promise.allSettled(underWay);
  }
}
