import { type Circuit, type Clock, isStartId } from '@millrace/core';
import type { Redis } from 'ioredis';
import { runScript } from './connection/client.ts';
import { isDenied, type ListedClient, listClients } from './connection/client-list.ts';
import { blockingName, type QueueKeys, queueKeys } from './keys.ts';
import { claimDeadAttempts, readDeadAttempts } from './reclaim/dead-attempts.ts';
import { Reclaimer } from './reclaim/reclaimer.ts';
import { RestartWatch } from './reclaim/restart-watch.ts';
import { rehearseDeath } from './rehearsal/rehearse-death.ts';
import type { QueueSupervision } from './types/supervision.ts';

/** How long the store remembers who is dead: longer than any zombie may sleep. */
const FENCE_KEEP_MS = 7 * 86_400_000;
/** Active jobs whose locks are read in one call. */
const JOBS_A_LOOK = 500;

/**
 * See {@link QueueSupervision}. `blocking` makes a connection for reads that wait; `poisonKills` is how many deaths make
 * a job poison, 0 where they are not counted.
 */
export function createQueueSupervision(
  client: Redis,
  prefix: string,
  clock: Clock,
  blocking: () => Redis,
  poisonKills: number,
): QueueSupervision {
  const reclaimer = new Reclaimer(client, prefix, poisonKills);
  const restarts = new RestartWatch(prefix, clock, blocking);

  async function cut(names: ReadonlySet<string>): Promise<number> {
    const doomed: ListedClient[] = (await listClients(client)).filter(({ name }) => names.has(name));
    const killed = await Promise.all(doomed.map((connection) => connection.kill()));
    return killed.reduce((sum, count) => sum + count, 0);
  }

  async function cutBlockingOf(suspects: ReadonlyMap<string, readonly string[]>): Promise<number> {
    const queues = new Set([...suspects.values()].flat());
    const names = new Set(
      [...suspects].flatMap(([startId, served]) =>
        served.map((queue) => blockingName(prefix, queue, startId)),
      ),
    );
    const killed = await cut(names).catch(ifAllowed);
    await Promise.all([...queues].map(wake));
    return killed;
  }

  /** A cut read may have swallowed the queue's marker; a needless one costs one look. */
  async function wake(queue: string): Promise<void> {
    const keys = queueKeys(prefix, queue);
    if (!(await client.hexists(keys.meta, 'paused'))) await client.zadd(keys.marker, 0, '0');
  }

  const supervision: QueueSupervision = {
    async fence(queue, startId) {
      const keys = queueKeys(prefix, queue);
      const args = [keys.meta, keys.marker, ...keys.accountList, startId, clock.nowMs(), FENCE_KEEP_MS];
      await runScript(client, 'fence', args);
    },

    rehearse: () => rehearseDeath(client, prefix, supervision),

    reclaim: (queue, dead) => reclaimer.reclaim(queue, dead),

    async blame(queue, { startId, certificate }, jobIds) {
      if (poisonKills === 0 || jobIds.length === 0) return 0;
      const keys = queueKeys(prefix, queue);
      await client.hset(keys.death(startId), 'evidence', JSON.stringify(certificate));
      let counted = 0;
      for (let from = 0; from < jobIds.length; from += JOBS_A_LOOK) {
        const some = jobIds.slice(from, from + JOBS_A_LOOK);
        const args = [...keys.accountList, keys.prefix, clock.nowMs(), startId, poisonKills, ...some];
        counted += Number(await runScript(client, 'blame', args));
      }
      return counted;
    },

    setCircuit: (queue, circuit) => setCircuit(client, queueKeys(prefix, queue), circuit),

    restarts: (queue, jobIds, after, signal) => restarts.restarts(queue, jobIds, after, signal),

    deadAttempts: (queue, startId, jobIds) =>
      readDeadAttempts(client, queueKeys(prefix, queue), { queue, worker: startId }, jobIds),

    claimDeadAttempts: (queue, startId, supervisor) =>
      claimDeadAttempts(client, queueKeys(prefix, queue), startId, supervisor),

    async connectionsOf(startIds) {
      const names = (await listClients(client)).map(({ name }) => name);
      return new Map(
        startIds.map((startId) => [startId, names.filter((name) => name.endsWith(startId)).length]),
      );
    },

    cutBlockingOf,

    async holders(queue) {
      const keys = queueKeys(prefix, queue);
      const holders = new Set<string>();
      for (let from = 0; ; from += JOBS_A_LOOK) {
        const ids = await client.lrange(keys.active, from, from + JOBS_A_LOOK - 1);
        if (ids.length === 0) return [...holders];
        const tokens = await client.mget(...ids.map((id) => keys.job(`${id}:lock`)));
        for (const token of tokens) {
          const startId = token?.slice(0, token.lastIndexOf(':')) ?? '';
          if (isStartId(startId)) holders.add(startId);
        }
      }
    },

    async refusalsOf(queues, startId) {
      let refusals = 0;
      for (const queue of queues) {
        refusals += Number((await client.hget(queueKeys(prefix, queue).accounts.refused, startId)) ?? 0);
      }
      return refusals;
    },
  };
  return supervision;
}

/** Without the right to cut them, suspects' reads swallow a marker each, and the ones after that wake the living. */
function ifAllowed(error: unknown): number {
  if (isDenied(error)) return 0;
  throw error;
}

async function setCircuit(client: Redis, keys: QueueKeys, circuit: Circuit | null): Promise<void> {
  const stock = [keys.wait, keys.paused, keys.meta, keys.prioritized, keys.events, keys.delayed, keys.marker];
  const text = circuit === null ? '' : JSON.stringify(circuit);
  await runScript(client, 'circuit', [...stock, ...keys.accountList, text]);
}
