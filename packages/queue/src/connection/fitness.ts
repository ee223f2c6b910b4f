import { MillraceError } from '@millrace/core';

/** What INFO says that matters to us. */
export interface StoreInfo {
  readonly product: 'redis' | 'valkey';
  readonly version: string;
  readonly evictionPolicy: string;
}

/** Reads the text of INFO. */
export function parseInfo(info: string): StoreInfo {
  const field = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim();
  const valkey = field('valkey_version');
  return {
    product: valkey ? 'valkey' : 'redis',
    version: valkey ?? field('redis_version') ?? '0.0.0',
    evictionPolicy: field('maxmemory_policy') ?? 'noeviction',
  };
}

const MINIMUM = { redis: [7, 0], valkey: [7, 2] } as const;

/** Throws `store_unfit`, naming what is wrong and what to do, when jobs would not be safe in this store. */
export function assertFit(info: StoreInfo): void {
  const [major = 0, minor = 0] = info.version.split('.').map(Number);
  const [needMajor, needMinor] = MINIMUM[info.product];
  if (major < needMajor || (major === needMajor && minor < needMinor)) {
    throw new MillraceError(
      'store_unfit',
      `The store is ${info.product} ${info.version}; Millrace needs ${info.product} ${needMajor}.${needMinor} or newer. Upgrade it.`,
    );
  }
  if (info.evictionPolicy !== 'noeviction') {
    throw new MillraceError(
      'store_unfit',
      `The store's maxmemory-policy is "${info.evictionPolicy}": under memory pressure it would delete jobs. Set it to "noeviction".`,
      { details: { evictionPolicy: info.evictionPolicy } },
    );
  }
}
