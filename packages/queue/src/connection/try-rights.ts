import { type Clock, MillraceError, messageOf } from '@millrace/core';
import { type Redis, ReplyError } from 'ioredis';
import { nodesOf } from './client.ts';
import { isDenied } from './client-list.ts';
import { type Right, rightsOn } from './rights.ts';

const LOOK_MS = 10;

/** Resolves once the connection is ready; throws `store_unavailable` with the last reason after `withinMs`. */
export async function untilReady(client: Redis, clock: Clock, withinMs: number): Promise<void> {
  let reason = '';
  client.on('error', (error) => {
    reason = ` (${messageOf(error)})`;
  });
  for (let leftMs = withinMs; client.status !== 'ready'; leftMs -= LOOK_MS) {
    if (leftMs <= 0) {
      throw new MillraceError(
        'store_unavailable',
        `The store cannot be reached${reason}. Try again shortly.`,
      );
    }
    await clock.sleep(LOOK_MS);
  }
}

/** Which rights one server denies. The connection must be nobody else's: what he sent would be thrown away. */
async function deniedBy(node: Redis, rights: readonly Right[]): Promise<Right[]> {
  await node.call('multi');
  const tries = await Promise.allSettled(
    rights.map(async ({ attempt }) => attempt && node.call(attempt[0] as string, ...attempt.slice(1))),
  );
  await node.call('discard');
  const other = tries.find(
    (result) => result.status === 'rejected' && !(result.reason instanceof ReplyError),
  );
  if (other?.status === 'rejected') throw other.reason;
  return rights.filter((_, i) => {
    const result = tries[i];
    return result?.status === 'rejected' && isDenied(result.reason);
  });
}

/** What the store's user lacks: rights that Millrace needs, and such that help. */
export interface Lacking {
  readonly needed: readonly string[];
  readonly helpful: readonly string[];
}

const NEEDED = (name: string): Right => ({ name, isNeeded: true, attempt: null });

/**
 * Tries every right on each of `keys`, on every server that holds keys, and does nothing there. `client` is a connection of
 * its own, fail-fast, so that nothing of it is ever sent again outside the transaction.
 */
export async function tryRights(client: Redis, keys: readonly string[]): Promise<Lacking> {
  const rights = keys.flatMap((key) => rightsOn(key, client.isCluster));
  const denied = await Promise.all(
    nodesOf(client).map((node) =>
      deniedBy(node, rights).catch((error) => {
        if (!isDenied(error)) throw error;
        return ['multi', 'discard'].map(NEEDED);
      }),
    ),
  );
  const names = (isNeeded: boolean) => [
    ...new Set(denied.flat().flatMap((right) => (right.isNeeded === isNeeded ? [right.name] : []))),
  ];
  return { needed: names(true), helpful: names(false) };
}
