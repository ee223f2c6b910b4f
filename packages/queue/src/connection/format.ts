import { MillraceError } from '@millrace/core';
import type { Redis } from 'ioredis';
import { boardKeys } from '../keys.ts';
import { runScript } from './client.ts';

/** Which layouts of the store's keys a build can work with. */
export interface StoreFormat {
  /** What it writes. */
  readonly writes: number;
  /** The newest that it understands, beside every older one. */
  readonly reads: number;
}

/**
 * This build's. A change of the layout takes two releases: the first reads the new number and still writes the old one,
 * the second writes it. So the builds before and after a rollout can always work side by side, in both directions.
 */
export const STORE_FORMAT: StoreFormat = { writes: 1, reads: 1 };

/**
 * Puts down what this build writes, unless the store is ahead. Returns the number that stands. Throws `store_unfit` when
 * that is newer than all that this build understands.
 */
export async function agreeOnFormat(client: Redis, prefix: string, format: StoreFormat): Promise<number> {
  const { writes, reads } = format;
  // A number that is too new for us must not be touched; a lower one is no news to those who raised it.
  const stands = Number(await runScript(client, 'format', [boardKeys(prefix).format, writes]));
  if (stands > reads) {
    throw new MillraceError(
      'store_unfit',
      `The store holds format ${stands} of Millrace's data under prefix "${prefix}", and this build understands up to ${reads}: run the newer release that wrote it.`,
      { details: { format: stands, understands: reads } },
    );
  }
  return stands;
}
