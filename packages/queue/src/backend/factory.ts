import { type BackendFactory, type QueueBaseOptions, RedisConnection, QueueKeys as StockKeys } from 'bullmq';
import type { Redis } from 'ioredis';
import { type BackendIdentity, CLIENT_IDENTITY } from './identity.ts';
import { MillraceBackend } from './millrace-backend.ts';

function stockKeys(name: string, options: QueueBaseOptions & { prefix?: string }) {
  return new StockKeys(options.prefix ?? 'bull').getKeys(name);
}

/**
 * Backends of API clients, all over one shared connection that they do not own. Both skips together make calls
 * fail fast also before the first connection; one alone does not.
 */
export function clientBackends(client: Redis): BackendFactory<MillraceBackend> {
  return (name, options) => {
    const connection = new RedisConnection(client, {
      shared: true,
      blocking: false,
      skipVersionCheck: true,
      skipWaitingForReady: true,
    });
    return new MillraceBackend(connection, name, stockKeys(name, options), options, CLIENT_IDENTITY);
  };
}

/** The backend of one consumer, over two connections of its own that both carry the start's id. */
export function consumerBackend(
  main: Redis,
  blocking: Redis,
  identity: BackendIdentity,
): BackendFactory<MillraceBackend> {
  return (name, options) =>
    new MillraceBackend(
      new RedisConnection(main, { shared: false, blocking: false }),
      name,
      stockKeys(name, options),
      options,
      identity,
      new RedisConnection(blocking, { shared: false, blocking: true }),
    );
}
