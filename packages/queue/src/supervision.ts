import { type Clock, isStartId } from '@millrace/core';
import type { Redis } from 'ioredis';
import { runScript } from './connection/client.ts';
import { giveBack } from './give-back.ts';
import { queueKeys } from './keys.ts';
import type { QueueSupervision } from './types.ts';

/** How long the store remembers who is dead: longer than any zombie may sleep. */
const FENCE_KEEP_MS = 7 * 86_400_000;
/** A blocking read for restarts ends this often, to look at the signal. */
const RESTART_BLOCK_MS = 200;
/** Active jobs whose locks are read in one call. */
const JOBS_A_LOOK = 500;

interface ClientLine {
  readonly id: string;
  readonly name: string;
}

function parseClientList(text: string): ClientLine[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ id: /\bid=(\d+)/.exec(line)?.[1] ?? '', name: /\bname=(\S*)/.exec(line)?.[1] ?? '' }));
}

/** Job ids that an event stream page tells to have become active, with the store's time of it. */
function activations(page: readonly [string, readonly string[]][]): { jobId: string; atMs: number }[] {
  const seen: { jobId: string; atMs: number }[] = [];
  for (const [entryId, fields] of page) {
    const value = (name: string) => {
      const at = fields.indexOf(name);
      return at % 2 === 0 ? fields[at + 1] : undefined;
    };
    const jobId = value('jobId');
    if (value('event') === 'active' && jobId !== undefined) {
      seen.push({ jobId, atMs: Number(entryId.split('-')[0]) });
    }
  }
  return seen;
}

/** See {@link QueueSupervision}. `blocking` makes a connection for reads that wait. */
export function createQueueSupervision(
  client: Redis,
  prefix: string,
  clock: Clock,
  blocking: () => Redis,
): QueueSupervision {
  const clients = async () => parseClientList(String(await client.client('LIST', 'TYPE', 'NORMAL')));

  async function lastEventId(eventsKey: string): Promise<string> {
    const last = await client.xrevrange(eventsKey, '+', '-', 'COUNT', 1);
    return last[0]?.[0] ?? '0-0';
  }

  return {
    async fence(queue, startId) {
      const keys = queueKeys(prefix, queue);
      const args = [keys.meta, keys.marker, ...keys.accountList, startId, clock.nowMs(), FENCE_KEEP_MS];
      await runScript(client, 'fence', args);
    },

    async reclaim(queue, startId, cause) {
      const keys = queueKeys(prefix, queue);
      const eventsAfter = await lastEventId(keys.events);
      const request = { startId, outcome: 'killed', cause, fencedOnly: true, jobIds: null } as const;
      return { jobIds: await giveBack(client, keys, { ...request, nowMs: clock.nowMs() }), eventsAfter };
    },

    async restarts(queue, jobIds, eventsAfter, signal) {
      const restarted = new Map<string, number>();
      const missing = new Set(jobIds);
      if (missing.size === 0) return restarted;
      const reader = blocking();
      const { events } = queueKeys(prefix, queue);
      let cursor = eventsAfter;
      try {
        while (missing.size > 0 && !signal.aborted) {
          const reply = await reader.xread(
            'COUNT',
            500,
            'BLOCK',
            RESTART_BLOCK_MS,
            'STREAMS',
            events,
            cursor,
          );
          const page = reply?.[0]?.[1] ?? [];
          cursor = page.at(-1)?.[0] ?? cursor;
          for (const { jobId, atMs } of activations(page)) {
            if (missing.delete(jobId)) restarted.set(jobId, atMs);
          }
        }
      } finally {
        reader.disconnect();
      }
      return restarted;
    },

    async connectionsOf(startIds) {
      const names = (await clients()).map(({ name }) => name);
      return new Map(
        startIds.map((startId) => [startId, names.filter((name) => name.endsWith(startId)).length]),
      );
    },

    async cutBlocking(queue, startId) {
      const keys = queueKeys(prefix, queue);
      const name = `${prefix}:${Buffer.from(queue).toString('base64')}:w:${startId}`;
      let cut = 0;
      for (const { id, name: clientName } of await clients()) {
        if (clientName === name) cut += Number(await client.client('KILL', 'ID', Number(id)));
      }
      // It may have swallowed the marker; a needless one costs one look.
      if (!(await client.hexists(keys.meta, 'paused'))) await client.zadd(keys.marker, 0, '0');
      return cut;
    },

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
}
