import { PROFILES, type Profile } from './profiles.ts';
import { WAYS } from './scenarios.ts';
import type { Settings } from './settings.ts';
import { slicesOf } from './slices.ts';

interface Aborting {
  readonly threshold: string;
  readonly abortOnFail: boolean;
  readonly delayAbortEval: string;
}

/** k6's `thresholds` option. */
export type Thresholds = Record<string, (string | Aborting)[]>;

/** The verdict of the books: it does not depend on how fast anything was. */
const BOOKS: Thresholds = {
  jobs_accepted: ['count>0'],
  jobs_failed: ['count==0'],
  jobs_duplicated: ['count==0'],
  ledger_gaps: ['count==0'],
  ledger_pages: ['count>0'],
};
/** Only a run that comes to its end can tell these. */
const SETTLED: Thresholds = {
  uncertain: ['count==0'],
  unsettled: ['count==0'],
  unaccounted: ['count==0'],
};

function calm({ acceptP95Ms, waitP95Ms }: Settings): Thresholds {
  return {
    http_req_failed: ['rate==0'],
    jobs_refused: ['count==0'],
    dropped_iterations: ['count==0'],
    job_accept: [`p(95)<${acceptP95Ms}`],
    job_wait: [`p(95)<${waitP95Ms}`],
  };
}

const PRESSED: Thresholds = { http_req_failed: ['rate==0'] };

/** Chaos without a fault proves nothing; among several runners one alone makes them. */
function faulty({ killEveryS, runners }: Settings): Thresholds {
  return { kills_denied: ['count==0'], ...(killEveryS > 0 && runners === 1 ? { kills: ['count>0'] } : {}) };
}

function broken({ acceptP95Ms }: Settings): Thresholds {
  const abort = (threshold: string) => [{ threshold, abortOnFail: true, delayAbortEval: '10s' }];
  return {
    http_req_failed: abort('rate<0.01'),
    jobs_refused: abort('count==0'),
    dropped_iterations: abort('count<100'),
    job_accept: abort(`p(95)<${acceptP95Ms}`),
  };
}

function moodOf(mood: Profile['mood'], settings: Settings): Thresholds {
  if (mood === 'calm') return { ...SETTLED, ...calm(settings) };
  if (mood === 'pressed') return { ...SETTLED, ...PRESSED };
  if (mood === 'faulty') return { ...SETTLED, ...faulty(settings) };
  return broken(settings);
}

/** k6 tells a metric by a tag only where a threshold asks for it: these can not fail. */
export const ALWAYS = { count: 'count>=0', trend: 'max>=0' } as const;

const COUNTED_IN_SLICES = ['jobs_accepted', 'jobs_refused', 'jobs_ended', 'kills'];
const TIMED_IN_SLICES = ['job_accept', 'job_total'];
const TIMED_IN_SCENARIOS = ['job_accept', 'job_wait', 'job_run', 'job_total'];

function forTheReport(settings: Settings): Thresholds {
  const found: Thresholds = {};
  for (let slice = 0; slice < slicesOf(settings.durationS).count; slice++) {
    for (const metric of COUNTED_IN_SLICES) found[`${metric}{slice:${slice}}`] = [ALWAYS.count];
    for (const metric of TIMED_IN_SLICES) found[`${metric}{slice:${slice}}`] = [ALWAYS.trend];
  }
  for (const way of WAYS) {
    for (const metric of TIMED_IN_SCENARIOS) found[`${metric}{scenario:${way}}`] = [ALWAYS.trend];
    found[`jobs_accepted{scenario:${way}}`] = [ALWAYS.count];
  }
  found['http_req_duration{scenario:look}'] = [ALWAYS.trend];
  return found;
}

/** What k6 judges a run by; its exit code comes from here alone. */
export function thresholdsOf(settings: Settings): Thresholds {
  const { mood } = PROFILES[settings.profile];
  return { ...BOOKS, ...moodOf(mood, settings), ...forTheReport(settings) };
}
