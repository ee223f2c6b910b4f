import type { Kill } from '@millrace/core';
import type { Redis } from 'ioredis';
import type { Adder } from '../add/adder.ts';
import { runScript } from '../connection/client.ts';
import { results } from '../connection/results.ts';
import { provenanceOf } from '../job-origin.ts';
import { isJob, type JobFields, noJobOfOtherType } from '../job-reader.ts';
import { type QueueKeys, queueKeys } from '../keys.ts';
import type { BoundedQueue, DeadLetterPage, ReplayResult, StoredLetter } from '../types/queue.ts';
import { deadLetterOf } from './dead-letter.ts';
import { resolveKills } from './resolve-kills.ts';

export interface DeadLettersOptions {
  readonly name: string;
  readonly prefix: string;
  readonly client: Redis;
  readonly adder: Adder;
}

export type DeadLetters = Pick<BoundedQueue, 'deadLetters' | 'deadLetter' | 'replay' | 'discard'>;

/** The jobs of BullMQ's failed set as dead letters. */
export function createDeadLetters(options: DeadLettersOptions): DeadLetters {
  const { name, prefix, client, adder } = options;
  const keys = queueKeys(prefix, name);

  async function read(id: string, fields: JobFields): Promise<StoredLetter> {
    return deadLetterOf(name, id, fields, await killsOf(client, { prefix, queue: name, id }, fields));
  }

  /** The hash of a job that is dead now. */
  async function deadJob(id: string): Promise<JobFields | null> {
    const reads = client.pipeline().zscore(keys.failed, id).hgetall(keys.job(id));
    const [dead, fields] = (await results(reads).catch(noJobOfOtherType)) as [string | null, JobFields];
    return dead !== null && isJob(fields) ? fields : null;
  }

  return {
    deadLetters: (cursor, limit) => page(client, keys, cursor, limit, read),

    async deadLetter(id) {
      const fields = await deadJob(id);
      return fields === null ? null : read(id, fields);
    },

    async replay(id, carrierOf = () => null): Promise<ReplayResult> {
      const fields = await deadJob(id);
      if (fields === null) return { kind: 'none' };
      const dead = { ...provenanceOf(name, id, fields), start: Number(fields.ats ?? 0) };
      const result = await adder.replay(id, fields, carrierOf(dead));
      if (result.kind !== 'accepted') return result;
      return { kind: 'added', jobId: result.ids[0] as string, replayed: !result.replayed };
    },

    async discard(id) {
      const args = [keys.failed, keys.job(id), keys.repeat, ...keys.accountList, id, keys.prefix];
      return (await runScript(client, 'discard', args)) === 1;
    },
  };
}

/** As they were resolved at its death; a job that BullMQ itself failed was not, and is looked up now. */
async function killsOf(
  client: Redis,
  job: { readonly prefix: string; readonly queue: string; readonly id: string },
  fields: JobFields,
): Promise<readonly Kill[]> {
  if (fields.mrEvidence !== undefined) return JSON.parse(fields.mrEvidence) as Kill[];
  return fields.mrKilledBy === undefined ? [] : resolveKills(client, { ...job, lines: fields.mrKilledBy });
}

/** `<id>@<ms of its death>`: the page goes on behind it, and if it is gone, behind all that are younger. */
async function startOf(client: Redis, keys: QueueKeys, cursor: string | null): Promise<number> {
  if (cursor === null) return 0;
  const at = cursor.lastIndexOf('@');
  const [id, diedAtMs] = [cursor.slice(0, at), Number(cursor.slice(at + 1))];
  const rank = await client.zrevrank(keys.failed, id);
  return rank === null ? client.zcount(keys.failed, `(${diedAtMs || 0}`, '+inf') : rank + 1;
}

async function page(
  client: Redis,
  keys: QueueKeys,
  cursor: string | null,
  limit: number,
  read: (id: string, fields: JobFields) => Promise<StoredLetter>,
): Promise<DeadLetterPage> {
  const most = Math.min(limit, 1_000);
  const from = await startOf(client, keys, cursor);
  const ids = await client.zrevrange(keys.failed, from, from + most - 1);
  const pipeline = client.pipeline();
  for (const id of ids) pipeline.hgetall(keys.job(id));
  const hashes = (await results(pipeline)) as JobFields[];
  // A job may have been removed between the two reads.
  const there = ids.flatMap((id, index) => (isJob(hashes[index]) ? [[id, index] as const] : []));
  const letters = await Promise.all(there.map(([id, index]) => read(id, hashes[index] as JobFields)));
  const last = letters.at(-1);
  return { letters, cursor: ids.length < most || !last ? null : `${last.id}@${last.diedAtMs}` };
}
