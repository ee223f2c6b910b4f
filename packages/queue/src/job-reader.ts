import { JOB_STATES, type JobState, messageOf } from '@millrace/core';
import type { Redis } from 'ioredis';
import { results } from './connection/results.ts';
import { provenanceOf } from './job-origin.ts';
import { jobView } from './job-view.ts';
import type { QueueKeys } from './keys.ts';
import type { JobPage, Provenance, StoredJob } from './types/queue.ts';

/** A job's hash, as BullMQ stores it. */
export type JobFields = Readonly<Record<string, string>>;

/** Lists hold waiting and active jobs; everything else is a sorted set. Newest first. */
const STATE_KEYS: Readonly<Record<JobState, { key: keyof QueueKeys; list: boolean }>> = {
  waiting: { key: 'wait', list: true },
  active: { key: 'active', list: true },
  prioritized: { key: 'prioritized', list: false },
  delayed: { key: 'delayed', list: false },
  completed: { key: 'completed', list: false },
  failed: { key: 'failed', list: false },
  'waiting-children': { key: 'waitingChildren', list: false },
};

/** Whether a hash is a job's. */
export const isJob = (fields: JobFields | undefined): fields is JobFields => fields?.timestamp !== undefined;

/** A job's key may be any name, and so the name of one of the queue's own keys: that is no job. */
export function noJobOfOtherType(error: unknown): [] {
  if (/^WRONGTYPE/.test(messageOf(error))) return [];
  throw error;
}

/** Reads jobs of one queue where they are. */
export function createJobReader(client: Redis, keys: QueueKeys, name: string) {
  async function stateOf(id: string): Promise<{ state: JobState | 'unknown'; fields: JobFields }> {
    const pipeline = client.pipeline().hgetall(keys.job(id));
    for (const state of JOB_STATES) {
      const { key, list } = STATE_KEYS[state];
      if (list) pipeline.lpos(keys[key] as string, id);
      else pipeline.zscore(keys[key] as string, id);
    }
    const [fields, ...found] = await results(pipeline.lpos(keys.paused, id)).catch(noJobOfOtherType);
    if (!isJob(fields as JobFields | undefined)) return { state: 'unknown', fields: {} };
    const index = found.findIndex((value) => value !== null);
    const state = index === JOB_STATES.length ? 'waiting' : (JOB_STATES[index] ?? 'unknown');
    return { state, fields: fields as JobFields };
  }

  async function idsOf(state: JobState, from: number, to: number): Promise<string[]> {
    const { key, list } = STATE_KEYS[state];
    return list
      ? client.lrange(keys[key] as string, from, to)
      : client.zrevrange(keys[key] as string, from, to);
  }

  async function page(state: JobState, cursor: string | null, limit: number): Promise<JobPage> {
    const from = cursor === null ? 0 : Number(cursor);
    const ids = await idsOf(state, from, from + limit - 1);
    const pipeline = client.pipeline();
    for (const id of ids) pipeline.hgetall(keys.job(id));
    const jobs: StoredJob[] = [];
    for (const [index, fields] of (await results(pipeline)).entries()) {
      const id = ids[index];
      // A job may have been removed between the two reads.
      if (id !== undefined && Object.keys(fields as object).length > 0) {
        jobs.push(jobView(name, id, state, fields as JobFields));
      }
    }
    return { jobs, cursor: ids.length < limit ? null : String(from + limit) };
  }

  async function job(id: string): Promise<StoredJob | null> {
    const { state, fields } = await stateOf(id);
    return isJob(fields) ? jobView(name, id, state, fields) : null;
  }

  async function provenance(id: string): Promise<Provenance | null> {
    const [timestamp, opts, rjk] = await client.hmget(keys.job(id), 'timestamp', 'opts', 'rjk');
    if (timestamp == null || opts == null) return null;
    return provenanceOf(name, id, { timestamp, opts, ...(rjk == null ? {} : { rjk }) });
  }

  return { stateOf, job, page, provenance };
}

export type JobReader = ReturnType<typeof createJobReader>;
