import {
  type Clock,
  type ClusterStatus,
  mergeRecoveries,
  type PoolScaling,
  type Recovery,
  type WorkerCommand,
} from '@millrace/core';
import type { Redis } from 'ioredis';
import { runScript } from './connection/client.ts';
import { results } from './connection/results.ts';
import { boardKeys } from './keys.ts';
import type { Board } from './types/supervision.ts';

/** A supervisor that has not spoken this long is not shown any more. */
const STATUS_KEEP_MS = 15_000;
/** The leader's picture is the one of the pools; past this age another supervisor knows better. */
const LEADER_FRESH_MS = 3_000;
const RECOVERIES_KEPT = 1_000;
/** As long as the store remembers a death. */
const CLAIM_KEPT_MS = 7 * 86_400_000;
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
    const newest = pictures.sort((a, b) => b.atMs - a.atMs);
    const isFresh = ({ atMs }: ClusterStatus) => atMs >= clock.nowMs() - LEADER_FRESH_MS;
    return newest.find((picture) => picture.supervisor.leader && isFresh(picture)) ?? newest[0] ?? null;
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

  /** Compare-and-set, until no other replica wrote meanwhile. */
  async function saveRecovery(recovery: Recovery): Promise<void> {
    const { id } = recovery;
    let there = (await client.hget(keys.recoveries, id)) ?? '';
    for (;;) {
      const merged = there === '' ? recovery : mergeRecoveries(JSON.parse(there) as Recovery, recovery);
      const text = JSON.stringify(merged);
      if (text === there) return;
      const args = [keys.recoveries, keys.recoveryOrder, id, there, text, merged.diedAtMs, RECOVERIES_KEPT];
      const reply = await runScript(client, 'save-recovery', args);
      if (reply === 1) return;
      there = String(reply);
    }
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
    lead: (supervisor, leaseMs) =>
      guarded(async () => (await runScript(client, 'lead', [keys.lease, supervisor, leaseMs])) === 1),
    resign: (supervisor) =>
      guarded(async () => void (await runScript(client, 'resign', [keys.lease, supervisor]))),
    saveTree: (supervisor, tree) =>
      guarded(async () => {
        const args = [keys.lease, keys.tree, supervisor, JSON.stringify(tree)];
        return (await runScript(client, 'save-tree', args)) === 1;
      }),
    tree: () =>
      guarded(async () => {
        const text = await client.get(keys.tree);
        return text === null ? null : (JSON.parse(text) as unknown);
      }),
    saveScaling: (pools) =>
      guarded(async () => {
        const texts = pools.map((scaling) => [scaling.pool, JSON.stringify(scaling)] as const);
        if (texts.length > 0) await client.hset(keys.scaling, Object.fromEntries(texts));
      }),
    scaling: (pool) =>
      guarded(async () => {
        const text = await client.hget(keys.scaling, pool);
        return text === null ? null : (JSON.parse(text) as PoolScaling);
      }),
    recovery: (startId) =>
      guarded(async () => {
        const text = await client.hget(keys.recoveries, startId);
        return text === null ? null : (JSON.parse(text) as Recovery);
      }),
    claimRecoveryTrace: (startId, supervisor) =>
      guarded(async () => {
        const key = keys.recoveryTrace(startId);
        const claim = client.pipeline().set(key, supervisor, 'PX', CLAIM_KEPT_MS, 'NX').get(key);
        return (await results(claim))[1] === supervisor;
      }),
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
