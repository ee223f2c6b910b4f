import type { DeadAttempt } from '@millrace/core';
import type { Redis } from 'ioredis';
import { results } from '../connection/results.ts';
import { isTracedOutcome } from '../consumer/past-attempt.ts';
import type { QueueKeys } from '../keys.ts';
import { TRACED_FIELDS, type TracedJobFacts, tracedJobFacts } from '../traced-job.ts';

/** Jobs whose hashes are read in one pipeline. */
const JOBS_A_READ = 100;
/** As long as lua/scripts/reclaim.lua remembers a death. */
const CLAIM_KEPT_MS = 7 * 86_400_000;

/** What lua/guards/stalled.lua gives as the cause. */
const STALLED = 'stalled';
const FIELDS = [...TRACED_FIELDS, 'mrAttempts'] as const;

function thoseThere(values: readonly (string | null)[]): Record<string, string> {
  const there = FIELDS.flatMap((field, at) => {
    const value = values[at];
    return value == null ? [] : [[field, value] as const];
  });
  return Object.fromEntries(there);
}

/** One line of `mrAttempts`; lua/accounts.lua and lua/returns.lua write them. Times are ms since 1970. */
interface PastLine {
  readonly s?: number;
  readonly w?: string;
  readonly a?: number;
  readonly e: number;
  readonly o: string;
  readonly c?: string;
  /** When the next was due. */
  readonly d?: number;
}

/** The attempts that a job remembers, oldest first; what is none of ours is left out. */
function pastLines(text: string | null | undefined): PastLine[] {
  const lines = (text ?? '').split('\n').filter((line) => line !== '');
  try {
    return lines.map((line) => JSON.parse(line) as PastLine);
  } catch {
    return [];
  }
}

const isTraced = ({ o }: PastLine) => isTracedOutcome(o);

/** Whose attempts: those that a dead start left behind, or `null`, those whose locks ran out. */
type Left = string | null;

/** The last attempt that was left so; null where the job's memory of it is gone. */
export function deadAttemptOf(
  facts: TracedJobFacts,
  attempts: string | null | undefined,
  left: Left,
): DeadAttempt | null {
  const lines = pastLines(attempts);
  const at = lines.findLastIndex(
    ({ o, w, c }) => o === 'killed' && (left === null ? c === STALLED : w === left),
  );
  const [line, before] = [lines[at], lines[at - 1]];
  if (!line) return null;
  const { firstDueUs, ...job } = facts;
  const startedUs = (line.a ?? line.e) * 1000;
  const past = lines.slice(0, at);
  const hasTracedPast = past.some(isTraced);
  // An operator who runs a finished job again gives it all of its attempts anew.
  const sinceAnew = past.slice(past.findLastIndex(({ o }) => o === 'failed' || o === 'completed') + 1);
  const dueUs = before ? (before.d ?? before.e) * 1000 : firstDueUs;
  return {
    ...job,
    ...{ worker: line.w ?? '', startedUs, returnedUs: line.e * 1000, cause: line.c ?? 'killed' },
    dueUs: Math.min(dueUs, startedUs),
    start: line.s ?? 0,
    attempt: sinceAnew.filter(({ o }) => o === 'retried').length + 1,
    before: hasTracedPast ? (before?.s ?? null) : null,
    hasTracedPast,
  };
}

/** The attempts in the order of `jobIds`; jobs that are gone by now are left out. 1 call a job, 100 a round trip. */
export async function readDeadAttempts(
  client: Redis,
  keys: QueueKeys,
  from: { readonly queue: string; readonly worker: Left },
  jobIds: readonly string[],
): Promise<DeadAttempt[]> {
  const found: DeadAttempt[] = [];
  for (let first = 0; first < jobIds.length; first += JOBS_A_READ) {
    const some = jobIds.slice(first, first + JOBS_A_READ);
    const pipeline = client.pipeline();
    for (const id of some) pipeline.hmget(keys.job(id), ...FIELDS);
    const hashes = (await results(pipeline)) as (string | null)[][];
    for (const [index, values] of hashes.entries()) {
      const fields = thoseThere(values);
      const facts = tracedJobFacts(from.queue, some[index] as string, fields);
      const attempt = facts && deadAttemptOf(facts, fields.mrAttempts, from.worker);
      if (attempt) found.push(attempt);
    }
  }
  return found;
}

/** See `QueueSupervision.claimDeadAttempts`: a field of the death's record, which only the first can set. */
export async function claimDeadAttempts(
  client: Redis,
  keys: QueueKeys,
  startId: string,
  supervisor: string,
): Promise<boolean> {
  const key = keys.death(startId);
  const claim = client.pipeline().hsetnx(key, 'spans', supervisor).hget(key, 'spans');
  const [, owner] = await results(claim.pexpire(key, CLAIM_KEPT_MS, 'NX'));
  return owner === supervisor;
}
