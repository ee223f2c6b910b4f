import { type DeathCertificate, newStartId } from '@millrace/core';
import type { Redis } from 'ioredis';
import { keepLoaded } from '../connection/client.ts';
import type { QueueSupervision } from '../types/supervision.ts';
import { scratchQueue } from './scratch-queue.ts';

const JOB = '1';

const certificateOf = (worker: string): DeathCertificate => ({
  ...{ worker, pod: 'rehearsal', pid: 0, slot: 0, cause: 'crash', blame: 'jobs', exitCode: null },
  ...{ exitSignal: 'SIGKILL', diedAtMs: 0, certifiedAtMs: 0, evidence: [], lastLines: [], beats: [] },
  ...{ peakRssBytes: null, memoryLimitBytes: null },
});

/** See `QueueSupervision.rehearse`: one job of a start that never was, in a queue of which nothing is left. */
export async function rehearseDeath(
  client: Redis,
  prefix: string,
  { fence, reclaim, restarts }: Pick<QueueSupervision, 'fence' | 'reclaim' | 'restarts'>,
): Promise<void> {
  keepLoaded(client, ['fence', 'reclaim', 'save-recovery']);
  const startId = newStartId('rehearsal');
  const { name, keys, forgetSoon, forget } = scratchQueue(client, prefix, startId, [JOB]);
  const over = new AbortController();
  const watched = restarts(name, [JOB], '0-0', over.signal);
  try {
    client
      .hset(keys.job(JOB), { name: 'rehearsal', data: 'null', opts: '{}', ats: 1 })
      .catch(() => undefined);
    client.set(`${keys.job(JOB)}:lock`, `${startId}:1`).catch(() => undefined);
    await client.lpush(keys.active, JOB);
    const fenced = fence(name, startId);
    const reclaimed = reclaim(name, { startId, certificate: certificateOf(startId) });
    await Promise.all([fenced, reclaimed]);
    forgetSoon();
    await forget();
  } finally {
    over.abort();
    await watched.catch(() => undefined);
  }
}
