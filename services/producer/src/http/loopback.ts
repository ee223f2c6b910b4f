import type { IncomingHttpHeaders } from 'node:http';
import { isIPv4 } from 'node:net';

/** True for a name or address that only this machine can reach. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}

function hostOf(authority: string): string {
  return authority.replace(/:\d*$/, '');
}

/**
 * Why a request to a server without tokens is refused, or null. A web page in a browser on this machine can reach
 * a loopback port too: through a name of its own that resolves to 127.0.0.1 (so Host must be loopback), or
 * from its own origin (so an Origin must be ours).
 */
export function loopbackFault(headers: IncomingHttpHeaders): string | null {
  const { host, origin } = headers;
  if (host === undefined || !isLoopbackHost(hostOf(host))) {
    return 'Without tokens only requests to localhost, 127.0.0.1 or [::1] are answered; see the Host header.';
  }
  const isOurs = origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
  if (!isOurs || headers['sec-fetch-site'] === 'cross-site') {
    return 'Without tokens no other web page may call this server.';
  }
  return null;
}
