import type { RedisSettings } from '@millrace/core';
import { Cluster, Redis } from 'ioredis';
import { type OwnScript, SCRIPTS } from '../backend/compose.ts';
import { addressOf, clusterOptions, type Profile, type Purpose, serverOptions } from './options.ts';
import { readPasswords } from './secrets.ts';
import { sentinelConnector } from './sentinel-connector.ts';

export type { Profile } from './options.ts';

function dialServer(settings: RedisSettings, purpose: Purpose): Redis {
  const reread = () => void Object.assign(client.options, passwordsNow(settings));
  const options = serverOptions(settings, purpose, readPasswords(settings), reread);
  // biome-ignore lint/complexity/useLiteralKeys: private to ioredis; by its name in brackets the compiler still checks it
  const isClosing = () => client['manuallyClosing'];
  const client: Redis =
    settings.url === null
      ? new Redis({ ...options, Connector: sentinelConnector(isClosing) })
      : new Redis(settings.url, options);
  forgetDeadline(client);
  endWhole(client);
  return client;
}

/**
 * Between two dials there is no socket whose close would lead to `end`, and what waits to be sent again would neither be
 * sent nor fail: whoever waited for the one or the other, as BullMQ's `pause` does for both, would wait for ever.
 */
function endWhole(client: Redis): void {
  const disconnect = client.disconnect.bind(client);
  // biome-ignore-start lint/complexity/useLiteralKeys: private to ioredis; by its name in brackets the compiler still checks it
  client.disconnect = (reconnect = false) => {
    // What has not dialled yet ends at once.
    if (!reconnect && client.status === 'reconnecting') client['setStatus']('wait');
    disconnect(reconnect);
  };
  // biome-ignore-end lint/complexity/useLiteralKeys: see above
  const own = client as Pick<Redis, 'commandQueue'> & { prevCommandQueue?: Redis['commandQueue'] | null };
  client.on('end', () => {
    const unsent = own.prevCommandQueue;
    own.prevCommandQueue = null;
    while (unsent?.length) unsent.shift()?.command.reject(new Error('Connection is closed.'));
  });
}

/** ioredis leaves the timer of `socketTimeout` running when a connection closes, and it would cut the next one. */
function forgetDeadline(client: Redis): void {
  // biome-ignore-start lint/complexity/useLiteralKeys: private to ioredis; by its name in brackets the compiler still checks it
  client.on('close', () => {
    client['socketTimeoutTimer']?.close();
    client['socketTimeoutTimer'] = undefined;
  });
  // biome-ignore-end lint/complexity/useLiteralKeys: see above
}

function dialCluster(settings: RedisSettings, purpose: Purpose): Cluster {
  const reread = () => void Object.assign(cluster.options.redisOptions ?? {}, passwordsNow(settings));
  const options = clusterOptions(settings, purpose, readPasswords(settings), reread);
  const cluster = new Cluster((settings.cluster?.nodes ?? []).map(addressOf), options);
  // A node that is dialled again is a new connection of the pool.
  cluster.on('-node', reread);
  cluster.on('+node', forgetDeadline);
  return cluster;
}

/** A file that has gone for a moment, as a mounted secret does when it changes, leaves the password as it was. */
function passwordsNow(settings: RedisSettings): object {
  try {
    return readPasswords(settings);
  } catch {
    return {};
  }
}

/**
 * The one door to the store: opens a connection (it dials at once, in the background) that knows Millrace's scripts and
 * carries `name`. A Cluster's is one to each of its nodes, and takes every command that a single server's does; what
 * concerns a server and not a key is to be asked of each of {@link nodesOf}. Throws `config_invalid` for a file that
 * cannot be read.
 */
export function openClient(settings: RedisSettings, profile: Profile, name: string): Redis {
  const client = dial(settings, { profile, name });
  for (const script of [...SCRIPTS.guards.values(), ...SCRIPTS.own.values()]) {
    client.defineCommand(script.command, { lua: script.lua, numberOfKeys: script.numberOfKeys });
  }
  return client;
}

/**
 * A patient connection for plain commands, such as reads that wait: it knows none of our scripts. To make them known to
 * ioredis is to hash a third of a megabyte, which costs milliseconds that a recovery's reader does not have. `longestReadMs`:
 * what it is asked to wait at the most, where that is long.
 */
export function openPlain(settings: RedisSettings, name: string, longestReadMs?: number): Redis {
  return dial(settings, { profile: 'patient', name, longestReadMs });
}

function dial(settings: RedisSettings, purpose: Purpose): Redis {
  return settings.cluster
    ? (dialCluster(settings, purpose) as unknown as Redis)
    : dialServer(settings, purpose);
}

/** The Cluster behind a connection; null for a single server. */
function clusterOf(client: Redis): Cluster | null {
  return client.isCluster ? (client as unknown as Cluster) : null;
}

/** The servers that hold keys: a Cluster's masters, or the one. Empty while a Cluster is away. */
export function nodesOf(client: Redis): readonly Redis[] {
  return clusterOf(client)?.nodes('master') ?? [client];
}

/** Calls `listener` whenever a server has been connected anew, and its memory of us is to be doubted. */
export function onConnected(client: Redis, listener: () => void): void {
  client.on('ready', listener);
  clusterOf(client)?.on('+node', (node: Redis) => node.on('ready', listener));
}

/** Runs one of Millrace's own scripts. */
export function runScript(
  client: Redis,
  name: OwnScript,
  args: readonly (string | number | Buffer)[],
): Promise<unknown> {
  const script = SCRIPTS.own.get(name);
  if (!script) throw new TypeError(`no script "${name}"`);
  const commands = client as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  const command = commands[script.command];
  if (!command) throw new TypeError(`script "${name}" is not defined on this client`);
  return command.call(client, ...args);
}

/**
 * Has the store compile scripts that are rarely run and must then not wait for it: after every connect, since a store that
 * was started anew knows none. Without it the first call is sent twice, the second time with its whole text.
 */
export function keepLoaded(client: Redis, names: readonly OwnScript[]): void {
  const load = () => {
    for (const node of nodesOf(client)) {
      for (const name of names) {
        node.script('LOAD', SCRIPTS.own.get(name)?.lua ?? '').catch(() => undefined);
      }
    }
  };
  onConnected(client, load);
  if (client.status === 'ready') load();
}

/** Closes for good, whatever state the connection is in. */
export async function closeClient(client: Redis): Promise<void> {
  if (client.status === 'end') return;
  // None of a Cluster's nodes is left whose close would lead to `end`.
  if (nodesOf(client).length === 0) return client.disconnect();
  const ended = new Promise<void>((resolve) => client.once('end', () => resolve()));
  client.disconnect();
  await ended;
}
