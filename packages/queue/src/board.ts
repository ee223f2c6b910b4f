import type { Clock, ClusterStatus, Recovery, WorkerCommand } from '@millrace/core';
import type { Redis } from 'ioredis';
import { boardKeys } from './keys.ts';
import type { Board } from './types.ts';

/** A supervisor that has not spoken this long is not shown any more. */
const STATUS_KEEP_MS = 15_000;
const RECOVERIES_KEPT = 1_000;
const COMMANDS_KEPT = 1_000;
const COMMAND_BLOCK_MS = 1_000;
const AFTER_OUTAGE_MS = 250;

/** See {@link Board}. `blocking` makes a connection for reads that wait. */
export function createBoard(
  client: Redis,
  prefix: string,
  clock: Clock,
  blocking: () => Redis,
  guarded: <T>(call: () => Promise<T>) => Promise<T>,
): Board {
  const keys = boardKeys(prefix);

  async function status(): Promise<ClusterStatus | null> {
    const supervisors = await client.zrangebyscore(keys.statusIndex, clock.nowMs() - STATUS_KEEP_MS, '+inf');
    if (supervisors.length === 0) return null;
    const texts = await client.mget(...supervisors.map(keys.status));
    const pictures = texts.filter((text) => text !== null).map((text) => JSON.parse(text) as ClusterStatus);
    return pictures.sort((a, b) => b.atMs - a.atMs)[0] ?? null;
  }

  async function publishStatus(picture: ClusterStatus): Promise<void> {
    const { id } = picture.supervisor;
    await client
      .multi()
      .set(keys.status(id), JSON.stringify(picture), 'PX', STATUS_KEEP_MS)
      .zadd(keys.statusIndex, picture.atMs, id)
      .zremrangebyscore(keys.statusIndex, '-inf', picture.atMs - STATUS_KEEP_MS)
      .exec();
  }

  async function saveRecovery(recovery: Recovery): Promise<void> {
    await client
      .multi()
      .hset(keys.recoveries, recovery.id, JSON.stringify(recovery))
      .zadd(keys.recoveryOrder, recovery.diedAtMs, recovery.id)
      .exec();
    const surplus = await client.zrange(keys.recoveryOrder, 0, -RECOVERIES_KEPT - 1);
    if (surplus.length === 0) return;
    await client
      .multi()
      .hdel(keys.recoveries, ...surplus)
      .zrem(keys.recoveryOrder, ...surplus)
      .exec();
  }

  async function recoveries(limit: number): Promise<Recovery[]> {
    const ids = await client.zrevrange(keys.recoveryOrder, 0, limit - 1);
    if (ids.length === 0) return [];
    const texts = await client.hmget(keys.recoveries, ...ids);
    return texts.filter((text) => text !== null).map((text) => JSON.parse(text) as Recovery);
  }

  async function* commands(signal: AbortSignal): AsyncIterable<WorkerCommand> {
    const reader = blocking();
    signal.addEventListener('abort', () => reader.disconnect(), { once: true });
    let cursor: string | undefined;
    while (!signal.aborted) {
      try {
        // Not '$': a command sent between two reads would be missed.
        cursor ??= (await client.xrevrange(keys.commands, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0';
        const reply = await reader.xread('BLOCK', COMMAND_BLOCK_MS, 'STREAMS', keys.commands, cursor);
        for (const [id, [, text]] of reply?.[0]?.[1] ?? []) {
          cursor = id;
          if (text !== undefined) yield JSON.parse(text) as WorkerCommand;
        }
      } catch {
        if (!signal.aborted) await clock.sleep(AFTER_OUTAGE_MS, signal).catch(() => undefined);
      }
    }
    reader.disconnect();
  }

  return {
    publishStatus: (picture) => guarded(() => publishStatus(picture)),
    status: () => guarded(status),
    saveRecovery: (recovery) => guarded(() => saveRecovery(recovery)),
    recoveries: (limit) => guarded(() => recoveries(limit)),
    sendCommand: (command) =>
      guarded(async () => {
        const text = JSON.stringify(command);
        await client.xadd(keys.commands, 'MAXLEN', '~', COMMANDS_KEPT, '*', 'command', text);
      }),
    commands,
    queueNames: () => guarded(async () => (await client.smembers(keys.queues)).sort()),
    addQueueName: (name) => guarded(async () => void (await client.sadd(keys.queues, name))),
  };
}
