import type { PoolStatus } from '@millrace/core';
import type { StartState } from '@millrace/supervision';

export interface OwnGaugesSources {
  readonly leads: boolean;
  readonly workers: readonly StartState[];
  readonly recoveries: number;
  readonly pools: readonly PoolStatus[];
}

/** What this supervisor knows at this moment, by the names of its gauges. */
export function ownGauges({ leads, workers, recoveries, pools }: OwnGaugesSources): Record<string, number> {
  return {
    millrace_supervisor_leads: leads ? 1 : 0,
    millrace_workers_known: workers.length,
    millrace_workers_linked: workers.filter(({ linked }) => linked).length,
    millrace_workers_suspect: workers.filter(({ phase }) => phase !== 'alive').length,
    millrace_recoveries_running: recoveries,
    millrace_pools_given_up: pools.filter(({ state }) => state === 'open').length,
    millrace_circuits_open: pools.filter(({ circuit }) => circuit !== null).length,
  };
}
