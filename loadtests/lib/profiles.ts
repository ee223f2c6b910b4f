/** A stretch of a load: it goes to `times` the profile's rate, and takes `share` of the whole duration. */
export interface Stretch {
  readonly times: number;
  /** 0 jumps. */
  readonly share: number;
}

/** How hard, how long, and what is held against the platform. */
export interface Profile {
  readonly describe: string;
  /** Jobs a second, all scenarios together, at `times` 1. */
  readonly rate: number;
  readonly durationS: number;
  readonly stretches: readonly Stretch[];
  /** `calm`: nothing is refused, nothing fails. `pressed`: the bound may refuse. `broken`: runs until it breaks. `faulty`: faults are made. */
  readonly mood: 'calm' | 'pressed' | 'broken' | 'faulty';
}

const STEADY: readonly Stretch[] = [
  { times: 1, share: 0 },
  { times: 1, share: 1 },
];

/** Every load test, by the name of its script. */
export const PROFILES = {
  smoke: {
    describe: 'does everything work at all: a few jobs of each kind',
    rate: 10,
    durationS: 20,
    stretches: STEADY,
    mood: 'calm',
  },
  average: {
    describe: 'a normal day: up, steady, down',
    rate: 50,
    durationS: 60,
    stretches: [
      { times: 1, share: 0.1 },
      { times: 1, share: 0.8 },
      { times: 0.1, share: 0.1 },
    ],
    mood: 'calm',
  },
  stress: {
    describe: 'the worst day: up to four times the rate, held, and back',
    rate: 50,
    durationS: 180,
    stretches: [
      { times: 1, share: 0.15 },
      { times: 4, share: 0.15 },
      { times: 4, share: 0.5 },
      { times: 1, share: 0.1 },
      { times: 1, share: 0.1 },
    ],
    mood: 'pressed',
  },
  spike: {
    describe: 'ten times the rate at once, and back',
    rate: 50,
    durationS: 120,
    stretches: [
      { times: 1, share: 0 },
      { times: 1, share: 0.3 },
      { times: 10, share: 0 },
      { times: 10, share: 0.1 },
      { times: 1, share: 0 },
      { times: 1, share: 0.6 },
    ],
    mood: 'pressed',
  },
  soak: {
    describe: 'a steady rate for an hour: what leaks, shows',
    rate: 25,
    durationS: 3600,
    stretches: STEADY,
    mood: 'calm',
  },
  breakpoint: {
    describe: 'up without end, until it breaks: exit code 99 is the finding, and the page tells where',
    rate: 50,
    durationS: 480,
    stretches: [{ times: 40, share: 1 }],
    mood: 'broken',
  },
  chaos: {
    describe: 'a steady rate while worker processes are killed',
    rate: 50,
    durationS: 120,
    stretches: STEADY,
    mood: 'faulty',
  },
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof PROFILES;

/** A stage as k6 takes it. */
export interface Stage {
  readonly target: number;
  readonly duration: string;
}

/** The stages of a scenario that has `perMinute` iterations a minute at `times` 1. Nothing is rounded to none. */
export function stagesOf(profile: Profile, durationS: number, perMinute: number): Stage[] {
  return profile.stretches.map(({ times, share }) => ({
    target: Math.max(1, Math.round(perMinute * times)),
    duration: `${Math.round(share * durationS * 1000)}ms`,
  }));
}

/** The highest rate of a profile, against that at `times` 1. */
export function peakOf(profile: Profile): number {
  return Math.max(...profile.stretches.map(({ times }) => times));
}
