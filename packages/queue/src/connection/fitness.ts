import { MillraceError } from '@millrace/core';

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
}

/** Reads the text of INFO. */
export function parseInfo(info: string): StoreInfo {
  const field = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim();
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
