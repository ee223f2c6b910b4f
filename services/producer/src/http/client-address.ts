import { isIP } from 'node:net';

/**
 * The address of the client. Behind `trustedHops` proxies that each add to X-Forwarded-For it is the entry that the
 * outermost of them wrote, counted from the right: what stands left of it anybody may have made up.
 */
export function clientAddress(
  socketAddress: string | undefined,
  forwardedFor: string | string[] | undefined,
  trustedHops: number,
): string {
  const peer = socketAddress ?? 'unknown';
  if (trustedHops === 0 || forwardedFor === undefined) return peer;
  const entries = String(forwardedFor)
    .split(',')
    .map((entry) => entry.trim());
  const told = entries.at(-Math.min(trustedHops, entries.length)) ?? '';
  return isIP(told) ? told : peer;
}
