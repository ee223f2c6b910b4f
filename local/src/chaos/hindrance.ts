import type { Config } from '@millrace/core';
import type { Fault } from './fault.ts';

/** What decides on which faults can be made on a platform that runs. */
export interface Premises {
  /** It has the handlers that do harm. */
  readonly servesChaos: boolean;
  /** Its store is a process of its own. */
  readonly ownsStore: boolean;
  readonly config: Config;
}

/** Why that fault cannot be made on a platform that runs, as the end of a sentence; null when it can. */
export function hindranceTo(
  { needs, fits }: Pick<Fault, 'needs' | 'fits'>,
  { servesChaos, ownsStore, config }: Premises,
): string | null {
  if (needs.includes('wires')) return 'it needs proxies between the processes: npm run bench -- chaos';
  if (needs.includes('clocks')) {
    return 'it needs processes that were started with a clock that can be set: npm run bench -- chaos';
  }
  if (needs.includes('handlers') && !servesChaos) {
    return 'it needs the handlers in handlers/src/chaos (MILLRACE_HANDLERS)';
  }
  if (needs.includes('own-store') && !ownsStore) {
    return "it needs a store of the platform's own, and it uses another";
  }
  return fits?.(config) ?? null;
}
