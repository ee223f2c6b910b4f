import { AsyncLocalStorage } from 'node:async_hooks';
import type { LaneRun } from './lane.ts';

/** Of a run, what others than its lane ask for. */
export type CurrentRun = Pick<LaneRun, 'job' | 'tracing'>;

/**
 * The job on whose behalf code runs in this thread, through every timer, promise and callback that it began: also at
 * the moment when something throws where nobody catches it. Undefined outside of every job.
 */
export const currentRun = new AsyncLocalStorage<CurrentRun>();
