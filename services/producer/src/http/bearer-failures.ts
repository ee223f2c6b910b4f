import { isIPv6 } from 'node:net';
import type { Clock } from '@millrace/core';

/** Addresses remembered at once; beyond that the one that was quiet longest is forgotten. */
const MOST_ADDRESSES = 10_000;
const MINUTE_MS = 60_000;

/** Who failed to show a valid token of late, by address. */
export interface BearerFailures {
  /** ms until an unknown token from `address` is looked at again; 0 when it is now. */
  waitMs(address: string): number;
  /** A token was missing, unknown or expired. True when that used up what the address had. */
  count(address: string): boolean;
  readonly addresses: number;
}

/** The addresses that one client can choose from freely count as one: of IPv6 that is a /64. */
export function clientNetwork(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.toLowerCase().split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array<string>(zeros).fill('0'), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}

/** A bucket a network: `perMinute` failures at once, refilled evenly over a minute. */
export function createBearerFailures(perMinute: number, clock: Pick<Clock, 'monotonicMs'>): BearerFailures {
  const buckets = new Map<string, { left: number; atMs: number }>();
  const refillMs = MINUTE_MS / perMinute;

  function bucketOf(network: string): { left: number; atMs: number } {
    const nowMs = clock.monotonicMs();
    const { left, atMs } = buckets.get(network) ?? { left: perMinute, atMs: nowMs };
    return { left: Math.min(perMinute, left + (nowMs - atMs) / refillMs), atMs: nowMs };
  }

  return {
    waitMs(address) {
      const { left } = bucketOf(clientNetwork(address));
      return left >= 1 ? 0 : Math.ceil((1 - left) * refillMs);
    },
    count(address) {
      const network = clientNetwork(address);
      const bucket = bucketOf(network);
      const left = Math.max(0, bucket.left - 1);
      // Taken out first: the order of a Map is that of the last failure.
      buckets.delete(network);
      buckets.set(network, { ...bucket, left });
      if (buckets.size > MOST_ADDRESSES) buckets.delete(buckets.keys().next().value as string);
      return bucket.left >= 1 && left < 1;
    },
    get addresses() {
      return buckets.size;
    },
  };
}
