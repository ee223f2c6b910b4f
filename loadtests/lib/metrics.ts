import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';
import { type Slices, sliceAt } from './slices.ts';

/** Everything that a run counts and times of jobs. Times are ms. */
export const metrics = {
  /** +1 for each job offered, −1 when its outcome is known. */
  uncertain: new Counter('uncertain'),
  /** +1 for each job accepted, −1 when it was followed to its end. */
  unsettled: new Counter('unsettled'),
  /** +1 for each job accepted, −1 when the ledger tells its end. */
  unaccounted: new Counter('unaccounted'),
  accepted: new Counter('jobs_accepted'),
  refused: new Counter('jobs_refused'),
  ended: new Counter('jobs_ended'),
  failed: new Counter('jobs_failed'),
  /** Ended and removed by the retention before they were looked at: the ledger alone tells of them. */
  vanished: new Counter('jobs_vanished'),
  duplicated: new Counter('jobs_duplicated'),
  gaps: new Counter('ledger_gaps'),
  pages: new Counter('ledger_pages'),
  kills: new Counter('kills'),
  killsDenied: new Counter('kills_denied'),
  /** Of the request that added, as the client sees it. */
  accept: new Trend('job_accept', true),
  wait: new Trend('job_wait', true),
  run: new Trend('job_run', true),
  total: new Trend('job_total', true),
  /** From the request to the result in its answer (`Prefer: wait`). */
  reply: new Trend('job_reply', true),
};

/** ms since the test began; the only clock that the load tests have. */
export function testMs(): number {
  return exec.instance.currentTestRunDuration;
}

/** The tag that puts a sample into its slice of the run. */
export function nowSlice(slices: Slices): { slice: string } {
  return { slice: sliceAt(slices, testMs()) };
}
