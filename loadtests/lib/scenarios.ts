import { PROFILES, type Profile, peakOf, stagesOf } from './profiles.ts';
import type { Settings } from './settings.ts';

/** Jobs in a bulk. */
export const BULK = 10;
/** Longest answer that a caller of `wait` asks for, s. */
export const WAIT_S = 20;
/** Longest delay that is asked for, ms. */
export const MOST_DELAY_MS = 2_000;

/** How the jobs divide among the ways to add them. Sums to 1. */
const SHARES = { single: 0.4, bulk: 0.3, delayed: 0.1, priority: 0.1, wait: 0.1 } as const;

/** The ways to add jobs: each a scenario, all at once. */
export type Way = keyof typeof SHARES;
export const WAYS = Object.keys(SHARES) as readonly Way[];

/** Calls a second of the scenario that looks, as dashboards and people do. */
const LOOKS_PER_S = 2;
/** An accepted job is expected to end within this, so as many iterations may be under way. */
const EXPECTED_S = 5;
const MOST_EXPECTED_S = 15;
/** The books' keeper closes a little after everybody else has given up. */
const KEEPER_S = 15;
const LEAST_VUS = 10;
const MOST_AT_LEAST = 50;

const jobsOf = (way: Way) => (way === 'bulk' ? BULK : 1);

/** Iterations a minute of one way at `times` 1. */
export function perMinuteOf(way: Way, rate: number): number {
  return (rate * SHARES[way] * 60) / jobsOf(way);
}

function addScenario(way: Way, profile: Profile, settings: Settings) {
  const perMinute = perMinuteOf(way, settings.rate);
  const peak = (perMinute / 60) * peakOf(profile);
  const stages = stagesOf(profile, settings.durationS, perMinute);
  return {
    executor: 'ramping-arrival-rate' as const,
    exec: way,
    timeUnit: '1m',
    startRate: stages[0]?.duration === '0ms' ? stages[0].target : 0,
    stages,
    preAllocatedVUs: Math.max(LEAST_VUS, Math.ceil(peak * EXPECTED_S)) * settings.runners,
    maxVUs: Math.max(MOST_AT_LEAST, Math.ceil(peak * MOST_EXPECTED_S)) * settings.runners,
    gracefulStop: `${settings.drainS}s`,
  };
}

/** k6's scenarios of a run: open arrival rates for what users do, one iteration for the keeper of the books. */
export function scenariosOf(settings: Settings) {
  const profile: Profile = PROFILES[settings.profile];
  const adds = Object.fromEntries(WAYS.map((way) => [way, addScenario(way, profile, settings)]));
  const look = {
    executor: 'constant-arrival-rate' as const,
    exec: 'look',
    rate: LOOKS_PER_S * settings.runners,
    timeUnit: '1s',
    duration: `${settings.durationS}s`,
    preAllocatedVUs: 4 * settings.runners,
    maxVUs: 40 * settings.runners,
    gracefulStop: '10s',
  };
  const books = {
    executor: 'per-vu-iterations' as const,
    exec: 'books',
    vus: settings.runners,
    iterations: 1,
    maxDuration: `${settings.durationS + settings.drainS + KEEPER_S}s`,
    gracefulStop: '5s',
  };
  const kills = {
    executor: 'constant-arrival-rate' as const,
    exec: 'kill',
    rate: 1,
    timeUnit: `${settings.killEveryS}s`,
    startTime: `${Math.min(settings.killEveryS, settings.durationS / 4)}s`,
    duration: `${settings.durationS * 0.7}s`,
    preAllocatedVUs: settings.runners,
    maxVUs: 2 * settings.runners,
    gracefulStop: '10s',
  };
  // Those that are aborted at their breaking point have no end at which the books could be closed: teardown reads them.
  const keeper = profile.mood === 'broken' ? {} : { books };
  return { ...adds, look, ...keeper, ...(settings.killEveryS > 0 ? { kills } : {}) };
}

/** Virtual users of a run, of all its runners together: those that stand ready, and the most there may be. */
export function usersOf(settings: Settings): { ready: number; most: number } {
  let ready = 0;
  let most = 0;
  for (const scenario of Object.values(scenariosOf(settings))) {
    const isOpen = 'maxVUs' in scenario;
    ready += isOpen ? scenario.preAllocatedVUs : scenario.vus;
    most += isOpen ? scenario.maxVUs : scenario.vus;
  }
  return { ready, most };
}
