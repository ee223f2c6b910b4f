import type { Clock, Kill } from '@millrace/core';
import type { Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { throwIfRefused } from '../backend/refusals.ts';
import { runScript } from '../connection/client.ts';
import { killLine } from '../dead-letters/kill-lines.ts';
import { resolveKills } from '../dead-letters/resolve-kills.ts';
import { queueKeys } from '../keys.ts';
import { returnKeys } from '../reclaim/give-back.ts';

/** What a consumer tells the store of the kills among its jobs. */
export interface KillKeeper {
  readonly client: Redis;
  readonly prefix: string;
  readonly queue: string;
  readonly startId: string;
  /** 0: kills are not counted. */
  readonly poisonKills: number;
  readonly clock: Clock;
}

/**
 * `HeapOutOfMemory, exit code 134`. Out of memory is told in the words that people know: Kubernetes' own where the kernel
 * ended it, which is always by SIGKILL.
 */
export function describeKill({ cause, exitCode, exitSignal }: Omit<Kill, 'start'>): string {
  const outOfMemory = exitSignal === 'SIGKILL' ? 'OOMKilled' : 'HeapOutOfMemory';
  const why = cause === 'oom' ? outOfMemory : cause;
  if (exitSignal !== null) return `${why}, ${exitSignal}`;
  return exitCode === null ? why : `${why}, exit code ${exitCode}`;
}

/**
 * A job has killed the process that it ran in alone. Below the limit it goes back to the head of the queue, and this
 * resolves null. At the limit it resolves what the job is to fail with, and the evidence of all its kills stands in
 * its hash, if the store has room for it. Throws `fenced` or `lock_lost` when the job is not ours any more.
 */
export async function recordKill(
  keeper: KillKeeper,
  job: Job,
  kill: Omit<Kill, 'start'>,
): Promise<string | null> {
  const { client, prefix, queue, startId, poisonKills, clock } = keeper;
  const keys = queueKeys(prefix, queue);
  const id = job.id as string;
  const whole: Kill = { ...kill, start: job.attemptsStarted };
  const reply = await runScript(client, 'kill', [
    ...returnKeys(keys),
    ...[keys.prefix, clock.nowMs(), startId, id, job.attemptsStarted, poisonKills],
    ...[kill.cause, killLine(whole)],
  ]);
  const [kills, isPoison] = throwIfRefused(reply) as [number, 0 | 1];
  if (isPoison === 0) return null;
  // Without it the letter's evidence is looked up when it is asked for (dead-letters.ts): a full store is no pardon.
  await writeEvidence(keeper, id).catch(() => undefined);
  return `poison: killed its process ${kills} times; last: ${describeKill(kill)}`;
}

/** Writes out the kills of a job into its hash. */
async function writeEvidence({ client, prefix, queue }: KillKeeper, id: string): Promise<void> {
  const key = queueKeys(prefix, queue).job(id);
  const lines = (await client.hget(key, 'mrKilledBy')) ?? undefined;
  const evidence = await resolveKills(client, { prefix, queue, id, lines });
  await client.hset(key, 'mrEvidence', JSON.stringify(evidence));
}
