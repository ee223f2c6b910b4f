import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Api } from './api.ts';
import { eventually, type Manifest } from './kubernetes.ts';
import { isEnd, openLedger } from './ledger.ts';

/** The handlers that do harm run in a pool and a queue of their own (values.yaml). */
export const QUEUE = 'chaos';

const ENDED = new Set(['completed', 'failed']);
/** Jobs asked for at once. */
const A_LOOK = 16;

/** Hands in jobs of one handler; resolves their ids in order. The data gets a `run` that no other batch has. */
export async function offer(api: Api, name: string, datas: readonly object[]): Promise<string[]> {
  const run = randomUUID();
  const body = { jobs: datas.map((data, id) => ({ name, data: { run, id, ...data } })) };
  const answer = await api.call('POST', `/v1/queues/${QUEUE}/jobs`, body);
  if (answer.status !== 202) throw new Error(`refused: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body.ids;
}

/** Data of `count` jobs that take `ms` each. */
export const lasting = (count: number, ms: number) => Array.from({ length: count }, () => ({ ms }));

/** Jobs of one case, which the ledger watches from before they were handed in. */
export interface Batch {
  readonly ids: readonly string[];
  /** Their details in order, once all have ended and the ledger tells that each was committed once, and none is missing. */
  finished(withinMs?: number): Promise<Manifest[]>;
  /** The same, where each is to end well and with no attempt lost. */
  allWell(withinMs?: number): Promise<void>;
}

/** Hands in jobs of one handler. */
export async function handIn(api: Api, name: string, datas: readonly object[]): Promise<Batch> {
  const ledger = await openLedger(api, QUEUE);
  const ids = await offer(api, name, datas);
  async function finished(withinMs?: number): Promise<Manifest[]> {
    const jobs = await ended(api, ids, withinMs);
    const ends = (await ledger.close(ids)).filter(isEnd).map(({ id }) => id);
    expect(ends.toSorted(), 'each job is committed once').toEqual(ids.toSorted());
    return jobs;
  }
  return {
    ids,
    finished,
    async allWell(withinMs) {
      const jobs = await finished(withinMs);
      expect(jobs.filter(({ state }) => state !== 'completed')).toEqual([]);
      expect(Math.max(...jobs.map(({ attemptsMade }) => attemptsMade))).toBe(1);
    },
  };
}

/** Every job's detail once all have ended, in order. */
async function ended(api: Api, ids: readonly string[], withinMs = 90_000): Promise<Manifest[]> {
  const known = new Map<string, Manifest>();
  await eventually(`${ids.length} jobs have ended`, withinMs, async () => {
    const open = ids.filter((id) => !known.has(id));
    for (let at = 0; at < open.length; at += A_LOOK) {
      const asked = open.slice(at, at + A_LOOK);
      const answers = await Promise.all(asked.map((id) => api.call('GET', `/v1/queues/${QUEUE}/jobs/${id}`)));
      for (const { status, body } of answers) {
        if (status === 200 && ENDED.has(body.state)) known.set(body.id, body);
      }
      if (answers.some(({ status, body }) => status !== 200 || !ENDED.has(body.state))) return null;
    }
    return true;
  });
  return ids.map((id) => known.get(id));
}

/** Resolves once the queue runs at least `count` jobs. */
export async function untilActive(api: Api, count: number, queue = QUEUE): Promise<void> {
  await eventually(`${count} jobs of ${queue} run`, 30_000, async () => {
    const { body } = await api.call('GET', `/v1/queues/${queue}`);
    return (body?.counts?.active ?? 0) >= count;
  });
}

/** Recoveries of workers that held jobs, died after `sinceMs` and are over, once there are `count`, newest first. */
export function recoveries(api: Api, sinceMs: number, count: number, withinMs = 60_000): Promise<Manifest[]> {
  return eventually(`${count} recoveries are over`, withinMs, async () => {
    const { body } = await api.call('GET', '/v1/recoveries?limit=200');
    const found = (body?.recoveries ?? []).filter(
      ({ diedAtMs, state, orphans }: Manifest) =>
        diedAtMs >= sinceMs && state === 'done' && Object.values(orphans).flat().length > 0,
    );
    return found.length >= count ? found : null;
  });
}
