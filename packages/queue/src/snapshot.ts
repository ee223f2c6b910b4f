import type { Circuit, Clock } from '@millrace/core';
import type { Redis } from 'ioredis';
import { drainPerSecond } from './add/retry-after.ts';
import { runScript } from './connection/client.ts';
import type { QueueKeys } from './keys.ts';
import type { QueueSnapshot } from './types/queue.ts';

export interface SnapshotOptions {
  readonly name: string;
  /** As configured; the store's own bound wins. */
  readonly bound: number;
  readonly maxBytes: number;
  readonly client: Redis;
  readonly clock: Clock;
}

/** One consistent picture of a queue (lua/scripts/snapshot.lua). */
export async function snapshot(options: SnapshotOptions, keys: QueueKeys): Promise<QueueSnapshot> {
  const { client, clock, name } = options;
  const args = [
    keys.wait,
    keys.paused,
    keys.prioritized,
    keys.delayed,
    keys.active,
    keys.completed,
    keys.failed,
  ];
  const reply = (await runScript(client, 'snapshot', [
    ...args,
    keys.waitingChildren,
    keys.meta,
    ...keys.accountList,
    keys.prefix,
  ])) as (string | number)[];
  const at = (index: number) => Number(reply[index] ?? 0);
  const or = (index: number, fallback: number) => (reply[index] === '' ? fallback : at(index));
  const nowMs = clock.nowMs();
  const waiting = at(0) + at(1);
  const counts = {
    waiting,
    prioritized: at(2),
    delayed: at(3),
    active: at(4),
    completed: at(5),
    failed: at(6),
    'waiting-children': at(7),
  };
  const marks = {
    takes: at(15),
    lastTakeMs: at(16),
    recent: { atMs: at(17), takes: at(18) },
    older: { atMs: at(19), takes: at(20) },
  };
  return {
    name,
    paused: at(8) === 1,
    counts,
    depth: waiting + counts.prioritized + counts.delayed,
    bound: or(11, options.bound),
    bytes: at(13),
    maxBytes: or(12, options.maxBytes),
    maxDepth: at(14),
    oldestWaitingMs: reply[10] === '' ? null : Math.max(nowMs - at(10), 0),
    drainPerSecond: drainPerSecond(marks, nowMs),
    concurrency: reply[9] === '' ? null : at(9),
    refused: at(21),
    circuit: reply[22] ? (JSON.parse(String(reply[22])) as Circuit) : null,
  };
}
