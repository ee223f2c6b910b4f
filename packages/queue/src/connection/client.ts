import { Redis, type RedisOptions } from 'ioredis';
import { type OwnScript, SCRIPTS } from '../backend/compose.ts';

/** How a connection behaves when the store is away. */
export type Profile = 'fail-fast' | 'patient';

const PROFILES: Record<Profile, RedisOptions> = {
  // Nothing waits for a connection and nothing is sent twice: the caller decides what an unknown outcome means.
  'fail-fast': {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    // Adds are to pass again well within a second of the store's answer.
    retryStrategy: (times) => Math.min(50 * times, 200),
  },
  // Waits out an outage. 50 ms: a live worker whose sockets were reset must be back in the client list before
  // the supervisor has looked at it for confirmMs.
  patient: {
    maxRetriesPerRequest: null,
    connectTimeout: 2_000,
    retryStrategy: () => 50,
  },
};

/** A store that is reading its file back is asked again this soon; by default ioredis waits a second. Ms. */
const LOADING_RETRY_MS = 50;

/** Opens a connection (it dials at once, in the background) that knows Millrace's scripts and carries `name`. */
export function openClient(url: string, profile: Profile, name: string): Redis {
  const client = new Redis(url, {
    ...PROFILES[profile],
    maxLoadingRetryTime: LOADING_RETRY_MS,
    connectionName: name,
  });
  for (const script of [...SCRIPTS.guards.values(), ...SCRIPTS.own.values()]) {
    client.defineCommand(script.command, { lua: script.lua, numberOfKeys: script.numberOfKeys });
  }
  return client;
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
    for (const name of names) {
      client.script('LOAD', SCRIPTS.own.get(name)?.lua ?? '').catch(() => undefined);
    }
  };
  client.on('ready', load);
  if (client.status === 'ready') load();
}

/** Closes for good, whatever state the connection is in. */
export async function closeClient(client: Redis): Promise<void> {
  if (client.status === 'end') return;
  // Between two dials there is no socket whose close would lead to `end`; `disconnect` cancels the next dial.
  if (client.status === 'reconnecting') return client.disconnect();
  const ended = new Promise<void>((resolve) => client.once('end', () => resolve()));
  client.disconnect();
  await ended;
}
