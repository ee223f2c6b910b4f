import { MillraceError } from '@millrace/core';
import type { StoreNodeLoad } from '../types/store.ts';

/** What INFO says of one server that matters to us. */
export interface StoreInfo {
  readonly product: 'redis' | 'valkey';
  readonly version: string;
  readonly evictionPolicy: string;
  readonly isReplica: boolean;
  /** It is a node of a Cluster. */
  readonly isClustered: boolean;
  readonly replicas: number;
  readonly appendOnly: boolean;
  /** Bytes. */
  readonly memoryUsed: number;
  /** Bytes; 0 where none is set. */
  readonly memoryMax: number;
  readonly load: Omit<StoreNodeLoad, 'node' | 'answerMs' | 'memoryUsed' | 'memoryMax'>;
}

type Field = (name: string) => string | undefined;

function loadOf(field: Field): StoreInfo['load'] {
  const number = (name: string) => Number(field(name) ?? 0);
  return {
    mainCpuSeconds: number('used_cpu_user_main_thread') + number('used_cpu_sys_main_thread'),
    cpuSeconds:
      number('used_cpu_user') +
      number('used_cpu_sys') +
      number('used_cpu_user_children') +
      number('used_cpu_sys_children'),
    commandsTotal: number('total_commands_processed'),
    clients: number('connected_clients'),
    delayedFsyncsTotal: number('aof_delayed_fsync'),
    lastForkMs: number('latest_fork_usec') / 1_000,
    isAofWritten: (field('aof_last_write_status') ?? 'ok') === 'ok',
  };
}

/** Reads the text of INFO. */
export function parseInfo(info: string): StoreInfo {
  const field: Field = (name) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim();
  const valkey = field('valkey_version');
  return {
    product: valkey ? 'valkey' : 'redis',
    version: valkey ?? field('redis_version') ?? '0.0.0',
    evictionPolicy: field('maxmemory_policy') ?? 'noeviction',
    isReplica: field('role') === 'slave',
    isClustered: field('cluster_enabled') === '1',
    replicas: Number(field('connected_slaves') ?? 0),
    appendOnly: field('aof_enabled') === '1',
    memoryUsed: Number(field('used_memory') ?? 0),
    memoryMax: Number(field('maxmemory') ?? 0),
    load: loadOf(field),
  };
}

const MINIMUM = { redis: [7, 0], valkey: [7, 2] } as const;

const unfit = (message: string, details = {}) => new MillraceError('store_unfit', message, { details });

/**
 * Throws `store_unfit`, naming what is wrong and what to do, when jobs would not be safe in this store; and
 * `store_unavailable` for a server that is a replica just now.
 */
export function assertFit(info: StoreInfo, throughCluster = false): void {
  const [major = 0, minor = 0] = info.version.split('.').map(Number);
  const [needMajor, needMinor] = MINIMUM[info.product];
  if (major < needMajor || (major === needMajor && minor < needMinor)) {
    throw unfit(
      `The store is ${info.product} ${info.version}; Millrace needs ${info.product} ${needMajor}.${needMinor} or newer. Upgrade it.`,
    );
  }
  if (info.evictionPolicy !== 'noeviction') {
    throw unfit(
      `The store's maxmemory-policy is "${info.evictionPolicy}": under memory pressure it would delete jobs. Set it to "noeviction".`,
      { evictionPolicy: info.evictionPolicy },
    );
  }
  if (info.isClustered && !throughCluster) {
    throw unfit('The store is a node of a Cluster: name its nodes under redis.cluster instead of redis.url.');
  }
  if (info.isReplica) {
    throw new MillraceError(
      'store_unavailable',
      'The store is a replica, which takes no jobs: it waits for a failover, or redis is to name the master.',
      { details: { sent: false, retryAfterMs: 1_000 } },
    );
  }
}

/** What does not keep jobs from being taken, and a person should know. */
export function warningsOf({ appendOnly, replicas }: StoreInfo): string[] {
  if (appendOnly) return [];
  const then = 'jobs accepted since its last snapshot are lost with its process: set appendonly yes';
  return [
    replicas > 0
      ? `The store keeps no append-only file, only ${replicas} replicas: if all end together, ${then}.`
      : `The store keeps no append-only file and has no replica: ${then}.`,
  ];
}
