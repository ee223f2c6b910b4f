import { type DeathCertificate, newStartId } from '@millrace/core';
import type { Redis } from 'ioredis';
import { keepLoaded } from '../connection/client.ts';
import type { QueueSupervision } from '../types/supervision.ts';
import { type ScratchQueue, scratchQueue } from './scratch-queue.ts';

const JOB = '1';

const certificateOf = (worker: string): DeathCertificate => ({
  ...{ worker, pod: 'rehearsal', pid: 0, slot: 0, cause: 'crash', blame: 'jobs', exitCode: null },
  ...{ exitSignal: 'SIGKILL', diedAtMs: 0, certifiedAtMs: 0, evidence: [], lastLines: [], beats: [] },
  ...{ peakRssBytes: null, memoryLimitBytes: null },
});

/** One job that `startId` holds. */
async function leaveOrphan(client: Redis, { keys }: ScratchQueue, startId: string): Promise<void> {
  await Promise.all([
    client.hset(keys.job(JOB), { name: 'rehearsal', data: 'null', opts: '{}', ats: 1 }),
    client.set(`${keys.job(JOB)}:lock`, `${startId}:1`),
    client.lpush(keys.active, JOB),
  ]);
}

/** See `QueueSupervision.rehearse`: one job of a start that never was, in a queue of which nothing is left. */
export async function rehearseDeath(
  client: Redis,
  prefix: string,
  { fence, reclaim, restarts }: Pick<QueueSupervision, 'fence' | 'reclaim' | 'restarts'>,
): Promise<void> {
  keepLoaded(client, ['fence', 'reclaim', 'save-recovery']);
  const startId = newStartId('rehearsal');
  const scratch = scratchQueue(client, prefix, startId, [JOB]);
  const over = new AbortController();
  // What cannot be watched is no reason not to go on.
  const watched = restarts(scratch.name, [JOB], '0-0', over.signal).catch(() => undefined);
  try {
    await leaveOrphan(client, scratch, startId);
    const fenced = fence(scratch.name, startId);
    const reclaimed = reclaim(scratch.name, { startId, certificate: certificateOf(startId) });
    scratch.forgetSoon();
    await Promise.all([fenced, reclaimed]);
  } finally {
    over.abort();
    await watched;
    await scratch.forget();
  }
}
