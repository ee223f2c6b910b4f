import type { CoRunner, DeathCertificate, Kill } from '@millrace/core';
import type { Redis } from 'ioredis';
import { boardKeys, queueKeys } from '../keys.ts';
import { type KillReference, readKillLines } from './kill-lines.ts';

const MOST_CO_RUNNERS = 64;

export interface KilledJob {
  readonly prefix: string;
  readonly queue: string;
  readonly id: string;
  /** `mrKilledBy` of its hash. */
  readonly lines: string | undefined;
}

/**
 * The kills of a job with all that is known of them, oldest first. What the store remembers of a death fades after 7 d:
 * so a job that is dead-lettered gets this written into its own hash.
 */
export async function resolveKills(client: Redis, job: KilledJob): Promise<Kill[]> {
  const lines = readKillLines(job.lines);
  const names = lines.some((line) => 'kind' in line)
    ? await client.smembers(boardKeys(job.prefix).queues)
    : [];
  const queues = [...new Set([job.queue, ...names])];
  return Promise.all(lines.map((line) => ('kind' in line ? resolve(client, job, queues, line) : line)));
}

async function resolve(
  client: Redis,
  job: KilledJob,
  queues: readonly string[],
  reference: KillReference,
): Promise<Kill> {
  const { worker, start, atMs } = reference;
  const unknown: Kill = {
    ...{ atMs, start, worker, cause: 'killed', exitCode: null, exitSignal: null, isolated: false },
    ...{ peakRssBytes: null, memoryLimitBytes: null, coRunners: [], beats: [] },
    lastLines: [],
  };
  const [evidence, coRunners] = await Promise.all([
    client.hget(queueKeys(job.prefix, job.queue).death(worker), 'evidence'),
    coRunnersOf(client, job, queues, worker),
  ]);
  if (evidence === null) return { ...unknown, coRunners };
  const certificate = JSON.parse(evidence) as DeathCertificate;
  const { cause, exitCode, exitSignal, lastLines, peakRssBytes, memoryLimitBytes, beats } = certificate;
  return {
    ...{ ...unknown, atMs: certificate.diedAtMs, cause, exitCode, exitSignal },
    ...{ lastLines, peakRssBytes, memoryLimitBytes, beats, coRunners },
  };
}

/** The others that the dead start left behind, in any queue. */
async function coRunnersOf(
  client: Redis,
  job: KilledJob,
  queues: readonly string[],
  worker: string,
): Promise<CoRunner[]> {
  const left = await Promise.all(
    queues.map((queue) =>
      client.lrange(queueKeys(job.prefix, queue).deathOrphans(worker), 0, MOST_CO_RUNNERS),
    ),
  );
  return queues
    .flatMap((queue, index) => (left[index] ?? []).map((id) => ({ queue, id })))
    .filter(({ queue, id }) => queue !== job.queue || id !== job.id)
    .slice(0, MOST_CO_RUNNERS);
}
