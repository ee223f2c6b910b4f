import { messageOf } from '@millrace/core';
import { type Redis, ReplyError } from 'ioredis';
import { nodesOf } from './client.ts';
import { notSent } from './guarded-call.ts';

/** A connection to the store, as a server lists it. */
export interface ListedClient {
  readonly name: string;
  /** Cuts it; resolves how many were cut. */
  kill(): Promise<number>;
}

/** The ids and names in the text of CLIENT LIST. */
export function parseClientList(text: string): { readonly id: number; readonly name: string }[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({
      id: Number(/\bid=(\d+)/.exec(line)?.[1]),
      name: /\bname=(\S*)/.exec(line)?.[1] ?? '',
    }));
}

async function listOf(node: Redis): Promise<ListedClient[]> {
  const text = String(await node.client('LIST', 'TYPE', 'NORMAL'));
  return parseClientList(text).map(({ id, name }) => ({
    name,
    kill: async () => Number(await node.client('KILL', 'ID', id)),
  }));
}

/**
 * Everybody's connections to the servers that hold keys. A server that does not answer fails the whole: whom it alone
 * would have listed is not gone. Throws `store_unavailable` while none is known.
 */
export async function listClients(client: Redis): Promise<ListedClient[]> {
  const nodes = nodesOf(client);
  if (nodes.length === 0) throw notSent();
  return (await Promise.all(nodes.map(listOf))).flat();
}

/** Whether the store said that our user has no right to what was asked. */
export function isDenied(error: unknown): boolean {
  return error instanceof ReplyError && messageOf(error).startsWith('NOPERM');
}
