import { type Gate, gateAtLeast } from '@millrace/measure';
import type { Middle } from './figures.ts';

/** Fewer pairs make no median that holds. */
const FEWEST_PAIRS = 20;

export interface Ratios {
  readonly full: Middle;
  readonly everyJob: Middle;
  readonly everyJobVsStockOtel: Middle;
}

export function gatesOf({ full, everyJob, everyJobVsStockOtel }: Ratios): Gate[] {
  return [
    gateAtLeast('full telemetry ÷ off, jobs/s', full.median, 0.95, 0.98),
    gateAtLeast('every job sampled ÷ off, jobs/s', everyJob.median, 0.55, 0.8),
    gateAtLeast('every job, ours ÷ stock + bullmq-otel', everyJobVsStockOtel.median, 1.5, 2),
  ];
}

/** What keeps a run from being a figure at all. */
export function tooFew({ full }: Ratios): string[] {
  return full.n < FEWEST_PAIRS ? [`only ${full.n} pairs: ${FEWEST_PAIRS} are needed`] : [];
}
