import { isIP } from 'node:net';

/** Where a supervisor listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `host:port` or `[v6]:port`. */
export function splitAddress(address: string): Address {
  const colon = address.lastIndexOf(':');
  return {
    host: address.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(address.slice(colon + 1)),
  };
}

export function joinAddress({ host, port }: Address): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Whether the host stands for as many supervisors as it has addresses: a name does, as that of a headless Service.
 * `localhost` is one machine, whatever it resolves to.
 */
export function isName({ host }: Address): boolean {
  return isIP(host) === 0 && host !== 'localhost';
}

/**
 * Those of the first one's family. A host with two families is told twice, and a supervisor that is linked twice takes
 * the second link for the first one's successor.
 */
export function ofOneFamily(hosts: readonly string[]): readonly string[] {
  const family = isIP(hosts[0] ?? '');
  return [...new Set(hosts.filter((host) => isIP(host) === family))].sort();
}
