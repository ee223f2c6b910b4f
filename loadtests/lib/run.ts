import type { Address } from './client.ts';
import type { Settings } from './settings.ts';
import type { Slices } from './slices.ts';

/** The queue, and the handler in it, that every installation of the platform has (unless it brings its own alone). */
export const QUEUE = 'workload';
export const JOBS_PATH = `/v1/queues/${QUEUE}/jobs`;

/** What setup hands to every iteration. */
export interface Run {
  /** Of this k6 process; also the name of its reader of the ledger. */
  readonly id: string;
  readonly settings: Settings;
  readonly slices: Slices;
  /** The server's clock when the run began, as HTTP writes it. */
  readonly startedAt: string;
}

/** Whom a run asks. The token stays out of setup's data, which k6 writes into its results. */
export function addressOf({ settings }: Run): Address {
  return { url: settings.url, token: __ENV.MILLRACE_TOKEN ?? '' };
}

export function ledgerPath({ id }: Run): string {
  return `/v1/queues/${QUEUE}/ledger/${id}`;
}
