import type { RedisSettings } from './redis-schema.ts';

/** A host and its port. */
export interface Address {
  readonly address: string;
  readonly port: number;
}

const DEFAULT_PORT = 6379;

/** `host:port`, or `[address of IPv6]:port`. */
function addressOf(node: string): Address {
  const colon = node.lastIndexOf(':');
  const host = node.slice(0, colon);
  return { address: host.replace(/^\[|\]$/g, ''), port: Number(node.slice(colon + 1)) };
}

/**
 * Where the store is, to be told in spans and metrics: its server, or a Cluster's first node. Null behind Sentinels, where
 * only they know.
 */
export function storeAddress({ url, cluster }: Pick<RedisSettings, 'url' | 'cluster'>): Address | null {
  if (url !== null) {
    const { hostname, port } = new URL(url);
    return { address: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || DEFAULT_PORT };
  }
  const [node] = cluster?.nodes ?? [];
  return node === undefined ? null : addressOf(node);
}
