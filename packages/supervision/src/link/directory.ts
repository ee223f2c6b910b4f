import { lookup as systemLookup } from 'node:dns/promises';
import { type Clock, type Log, messageOf, type Timer } from '@millrace/core';
import { isName, joinAddress, ofOneFamily, splitAddress } from './address.ts';

/** How often names are looked up, for those who come. Who goes is noticed by its link. */
const LOOK_MS = 5_000;

/** Resolves a name to IP addresses; rejects when it has none, or nobody answers. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** As the machine does it: with its search domains and its hosts file. */
export const lookupByName: Lookup = async (host) =>
  (await systemLookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address);

export interface DirectoryOptions {
  /** `host:port` of one supervisor, or of as many as the host has addresses. */
  readonly addresses: readonly string[];
  readonly lookup: Lookup;
  /** Every supervisor that is known by now, `host:port`; called at the start and whenever that has changed. */
  readonly onAddresses: (addresses: readonly string[]) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Where all the supervisors are. */
export interface Directory {
  start(): void;
  stop(): void;
  /** Looks at once: somebody has gone, and another may have come in its place. */
  look(): void;
}

/** See {@link Directory}. A name that cannot be resolved keeps the addresses that it had. */
export function createDirectory(options: DirectoryOptions): Directory {
  const { addresses, lookup, onAddresses, clock, log } = options;
  const names = addresses.filter((address) => isName(splitAddress(address)));
  const found = new Map<string, readonly string[]>();
  let told: string | undefined;
  let timer: Timer | undefined;
  let isLooking = false;
  let again = false;

  function tell(): void {
    const all = addresses.flatMap((address) =>
      names.includes(address) ? (found.get(address) ?? []) : address,
    );
    const list = [...new Set(all)];
    if (timer === undefined || told === list.join()) return;
    told = list.join();
    onAddresses(list);
  }

  async function resolve(address: string): Promise<void> {
    const { host, port } = splitAddress(address);
    try {
      const hosts = ofOneFamily(await lookup(host));
      if (hosts.length > 0)
        found.set(
          address,
          hosts.map((each) => joinAddress({ host: each, port })),
        );
    } catch (error) {
      log.debug({ host, error: messageOf(error) }, 'A supervisor’s name was not resolved; tried again');
    }
  }

  async function lookOnce(): Promise<void> {
    isLooking = true;
    again = false;
    await Promise.all(names.map(resolve));
    isLooking = false;
    tell();
    if (again) look();
  }

  function look(): void {
    if (timer === undefined || names.length === 0) return;
    // One that is under way may have been answered before what happened.
    if (isLooking) again = true;
    else void lookOnce();
  }

  return {
    start() {
      timer ??= clock.every(LOOK_MS, look);
      tell();
      look();
    },
    stop() {
      timer?.cancel();
      timer = undefined;
    },
    look,
  };
}
