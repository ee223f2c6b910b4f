import { PROFILES, type Profile, type ProfileName } from './profiles.ts';

/** What a run does; made from the profile and the environment. */
export interface Settings {
  readonly profile: ProfileName;
  /** The producer's HTTP API, without a slash at its end. */
  readonly url: string;
  /** Jobs a second at `times` 1 of the profile, all scenarios together. */
  readonly rate: number;
  readonly durationS: number;
  /** How long after the load's end accepted jobs may take to end. */
  readonly drainS: number;
  /** Range of what a job sleeps. */
  readonly sleepMinMs: number;
  readonly sleepMaxMs: number;
  readonly payloadBytes: number;
  /** Adds carry an Idempotency-Key, and are repeated with it until their outcome is known. */
  readonly keys: boolean;
  /** A worker process is killed this often; 0: none. */
  readonly killEveryS: number;
  /** Limits of p95 of the accept and of the wait, where the profile is calm. */
  readonly acceptP95Ms: number;
  readonly waitP95Ms: number;
  /** k6 processes among which the load is divided (execution segments). */
  readonly runners: number;
  /** Folder, which must be there, for the files of the summary; `-` writes none. */
  readonly out: string;
}

/** The environment's variables, and what they take. */
export const VARIABLES: Readonly<Record<string, string>> = {
  MILLRACE_LOAD_RATE: 'jobs a second, all scenarios together',
  MILLRACE_LOAD_DURATION: 'how long the load lasts, like 40s or 10m',
  MILLRACE_LOAD_DRAIN: 'how long accepted jobs may take to end after it, like 60s',
  MILLRACE_LOAD_SLEEP: 'what a job sleeps, in ms: 20, or a range like 1-20',
  MILLRACE_LOAD_PAYLOAD: 'bytes of filler in each job',
  MILLRACE_LOAD_KEYS: 'on or off: adds carry an Idempotency-Key and are repeated until they are answered',
  MILLRACE_LOAD_KILL_EVERY: 'a worker process is killed this often, like 10s; 0s: none',
  MILLRACE_LOAD_ACCEPT_P95: 'ms, or text like 1s: limit of the accept',
  MILLRACE_LOAD_WAIT_P95: 'ms, or text like 1s: limit of the wait',
  MILLRACE_LOAD_RUNNERS: 'k6 processes that divide the load',
  MILLRACE_LOAD_OUT: 'folder for the files of the summary; - writes none',
};

/** Variables of k6 itself that make it drop the scenarios of a script without a word. */
export const K6_TRAPS: readonly string[] = ['K6_VUS', 'K6_DURATION', 'K6_ITERATIONS', 'K6_STAGES'];

type Environment = Readonly<Record<string, string | undefined>>;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** ms of text like `40s`; a bare number is ms. Null: it is none. */
export function durationMs(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  return match ? Number(match[1]) * (UNITS[match[2] ?? 'ms'] as number) : null;
}

/** Reads values and collects what is wrong with them, so that everything is told at once. */
class Reading {
  readonly faults: string[] = [];
  readonly #environment: Environment;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  text(name: string): string | undefined {
    const value = this.#environment[name];
    return value === '' ? undefined : value;
  }

  number(name: string, otherwise: number, min: number, max: number): number {
    const text = this.text(name);
    if (text === undefined) return otherwise;
    const value = Number(text);
    if (Number.isFinite(value) && value >= min && value <= max) return value;
    this.faults.push(`${name} must be a number from ${min} to ${max}, not "${text}"`);
    return otherwise;
  }

  ms(name: string, otherwise: number, min: number): number {
    const text = this.text(name);
    if (text === undefined) return otherwise;
    const value = durationMs(text);
    if (value !== null && value >= min) return value;
    this.faults.push(`${name} must be a time of at least ${min} ms, like 40s or 10m, not "${text}"`);
    return otherwise;
  }

  onOff(name: string, otherwise: boolean): boolean {
    const text = this.text(name);
    if (text === undefined) return otherwise;
    if (text !== 'on' && text !== 'off') this.faults.push(`${name} must be on or off, not "${text}"`);
    return text === 'on';
  }

  range(name: string, otherwise: readonly [number, number]): readonly [number, number] {
    const text = this.text(name);
    if (text === undefined) return otherwise;
    const match = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(text);
    const low = Number(match?.[1]);
    const high = Number(match?.[2] ?? match?.[1]);
    if (match && low <= high && high - low < 65_536) return [low, high];
    this.faults.push(`${name} must be ms, like 20 or 1-20, not "${text}"`);
    return otherwise;
  }

  strangers(): void {
    for (const name of Object.keys(this.#environment)) {
      if (K6_TRAPS.includes(name)) this.faults.push(`${name} would make k6 drop the scenarios: unset it`);
      if (name.startsWith('MILLRACE_LOAD_') && !Object.hasOwn(VARIABLES, name)) {
        this.faults.push(`there is no ${name}; there are ${Object.keys(VARIABLES).join(', ')}`);
      }
    }
  }
}

function urlOf(reading: Reading): string {
  const text = reading.text('MILLRACE_URL') ?? 'http://127.0.0.1:8080';
  if (!/^https?:\/\/[^/\s]+/.test(text)) {
    reading.faults.push(`MILLRACE_URL must be like http://127.0.0.1:8080, not "${text}"`);
  }
  return text.replace(/\/+$/, '');
}

/** The settings of a run. Throws an Error with one sentence a fault. */
export function settingsOf(name: ProfileName, environment: Environment): Settings {
  const profile: Profile = PROFILES[name];
  const faulty = profile.mood === 'faulty';
  const reading = new Reading(environment);
  reading.strangers();
  const [sleepMinMs, sleepMaxMs] = reading.range('MILLRACE_LOAD_SLEEP', [1, 20]);
  const settings: Settings = {
    profile: name,
    url: urlOf(reading),
    rate: reading.number('MILLRACE_LOAD_RATE', profile.rate, 0.5, 100_000),
    durationS: reading.ms('MILLRACE_LOAD_DURATION', profile.durationS * 1000, 5_000) / 1000,
    drainS: reading.ms('MILLRACE_LOAD_DRAIN', 60_000, 1_000) / 1000,
    sleepMinMs,
    sleepMaxMs,
    payloadBytes: reading.number('MILLRACE_LOAD_PAYLOAD', 128, 0, 200_000),
    keys: reading.onOff('MILLRACE_LOAD_KEYS', faulty),
    killEveryS: reading.ms('MILLRACE_LOAD_KILL_EVERY', faulty ? 15_000 : 0, 0) / 1000,
    acceptP95Ms: reading.ms('MILLRACE_LOAD_ACCEPT_P95', 1_000, 1),
    waitP95Ms: reading.ms('MILLRACE_LOAD_WAIT_P95', 2_000, 1),
    runners: reading.number('MILLRACE_LOAD_RUNNERS', 1, 1, 1_000),
    out: reading.text('MILLRACE_LOAD_OUT') ?? '.',
  };
  if (reading.faults.length > 0)
    throw new Error(`The load test did not start: ${reading.faults.join('. ')}.`);
  return settings;
}
