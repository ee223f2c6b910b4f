import type { RedisSettings } from '@millrace/core';
import type { ClusterOptions, RedisOptions } from 'ioredis';
import { type Passwords, readNamed } from './secrets.ts';

/** How a connection behaves when the store is away. */
export type Profile = 'fail-fast' | 'patient';

/** Between two dials of a server that is away: a waiting worker is to be back before a supervisor doubts it. Ms. */
const PATIENT_DIAL_MS = 50;
/**
 * A call that has no answer for so long, nor any other call since, is on a connection whose other end is gone: a node that
 * dies closes nothing, and TCP asks after it for a quarter of an hour. Longer than any script holds the store. Ms.
 */
const ANSWER_MS = 5_000;
/** A store that is reading its file back is asked again this soon; by default ioredis waits a second. Ms. */
const LOADING_RETRY_MS = 50;
/** A move of a Cluster's slots is looked for this often, also where nothing fails. Ms. */
const SLOTS_REFRESH_MS = 5_000;
/** The lost peers of a failover are asked about this soon again. Ms. */
const FAILOVER_RETRY_MS = 100;
/** A Sentinel that does not answer for this long is passed over. Ms. */
const SENTINEL_ANSWER_MS = 1_000;
/** While a Cluster elects a master, a patient command is told to go elsewhere as often as it takes. */
const WITHOUT_END = Number.MAX_SAFE_INTEGER;

const dial: Record<Profile, (times: number) => number> = {
  // Adds are to pass again well within a second of the store's answer.
  'fail-fast': (times) => Math.min(50 * times, 200),
  patient: () => PATIENT_DIAL_MS,
};

/**
 * A server that was made a replica refuses writes: whoever talks to it dials anew, which leads to the new master. A
 * patient command is then sent again; 2 is ioredis' word for that.
 */
const onReadOnly: Record<Profile, (error: Error) => boolean | 2> = {
  'fail-fast': ({ message }) => message.startsWith('READONLY'),
  patient: ({ message }) => (message.startsWith('READONLY') ? 2 : false),
};

const PROFILES: Record<Profile, RedisOptions> = {
  // Nothing waits for a connection and nothing is sent twice: the caller decides what an unknown outcome means.
  'fail-fast': {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
  },
  // Waits out an outage. BullMQ asks for the null.
  patient: { maxRetriesPerRequest: null },
};

const CLUSTER_PROFILES: Record<Profile, ClusterOptions> = {
  'fail-fast': {
    enableOfflineQueue: false,
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
  },
  patient: {
    maxRedirections: WITHOUT_END,
    retryDelayOnFailover: FAILOVER_RETRY_MS,
    retryDelayOnClusterDown: FAILOVER_RETRY_MS,
  },
};

type Tls = NonNullable<RedisOptions['tls']>;

/** Undefined: no TLS. Throws `config_invalid` for a file that cannot be read. */
export function tlsOptions({ url, tls }: Pick<RedisSettings, 'url' | 'tls'>): Tls | undefined {
  if (!tls) return url?.startsWith('rediss:') ? {} : undefined;
  const { caFile, certFile, keyFile, serverName } = tls;
  return {
    ...(caFile && { ca: readNamed('tls.caFile', caFile) }),
    ...(certFile && { cert: readNamed('tls.certFile', certFile) }),
    ...(keyFile && { key: readNamed('tls.keyFile', keyFile) }),
    ...(serverName && { servername: serverName }),
  };
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, `[::1]:port`. */
export function addressOf(node: string): Address {
  const colon = node.lastIndexOf(':');
  return { host: node.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(node.slice(colon + 1)) };
}

/** What a connection is for. */
export interface Purpose {
  readonly profile: Profile;
  /** What the store lists it by. */
  readonly name: string;
  /** The longest wait in the store that is asked for on it; by default one of a second or so. Ms. */
  readonly longestReadMs?: number | undefined;
}

/** What is told to every server, however it is found. */
function common(settings: RedisSettings, { profile, name, longestReadMs = 0 }: Purpose): RedisOptions {
  const tls = tlsOptions(settings);
  return {
    ...PROFILES[profile],
    connectTimeout: 2_000,
    // Counts only while an answer is due: a connection may idle.
    socketTimeout: ANSWER_MS + longestReadMs,
    maxLoadingRetryTime: LOADING_RETRY_MS,
    connectionName: name,
    // It would fill the ACL log of a store whose user may not.
    disableClientInfo: true,
    reconnectOnError: onReadOnly[profile],
    ...(settings.username && { username: settings.username }),
    ...(settings.db !== 0 && { db: settings.db }),
    ...(tls && { tls }),
  };
}

/** Options of a single server, or of the master that Sentinels name. `reread` is called before every dial. */
export function serverOptions(
  settings: RedisSettings,
  purpose: Purpose,
  passwords: Passwords,
  reread: () => void,
): RedisOptions {
  const { sentinel, sentinelUsername } = settings;
  const options: RedisOptions = {
    ...common(settings, purpose),
    ...passwords,
    retryStrategy(times) {
      reread();
      return dial[purpose.profile](times);
    },
  };
  if (!sentinel) return options;
  return {
    ...options,
    sentinels: sentinel.nodes.map(addressOf),
    name: sentinel.name,
    // A frozen master closes no connection: the Sentinels tell that another one leads.
    failoverDetector: true,
    sentinelRetryStrategy: dial[purpose.profile],
    sentinelReconnectStrategy: () => 1_000,
    sentinelCommandTimeout: SENTINEL_ANSWER_MS,
    ...(sentinelUsername && { sentinelUsername }),
    ...(options.tls && { enableTLSForSentinelMode: true, sentinelTLS: options.tls }),
  };
}

/** Options of a Cluster; it has no database but 0. `reread` is called before every dial. */
export function clusterOptions(
  settings: RedisSettings,
  purpose: Purpose,
  passwords: Passwords,
  reread: () => void,
): ClusterOptions {
  const { password } = passwords;
  return {
    ...CLUSTER_PROFILES[purpose.profile],
    slotsRefreshInterval: SLOTS_REFRESH_MS,
    clusterRetryStrategy(times) {
      reread();
      return dial[purpose.profile](times);
    },
    redisOptions: { ...common(settings, purpose), ...(password !== undefined && { password }) },
    // A certificate names hosts, and the nodes tell their addresses: without a name of its own each is asked by its address.
    ...(settings.tls && { dnsLookup: (address, callback) => callback(null, address) }),
  };
}
