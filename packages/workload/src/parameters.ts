/** The parameters of a run, under their names in the configuration file. */
export interface WorkloadParameters {
  readonly seed: number;
  /** Ids 0 … jobs − 1. */
  readonly jobs: number;
  /** Producer p offers the ids with id mod producers = p, in order. */
  readonly producers: number;
  /** Jobs running at once, over all processes. */
  readonly workers: number;
  /** Threads of the scheduler; in Millrace those of the cpu lane. */
  readonly threads: number;
  /** Jobs offered and not yet started. */
  readonly queue_bound: number;
  /** When the queue is full: the producer waits, or the job is counted as refused and offered again. */
  readonly policy: 'block' | 'reject';
  /** Compute steps. */
  readonly work_min: number;
  readonly work_max: number;
  /** Milliseconds. */
  readonly sleep_min: number;
  readonly sleep_max: number;
  /** How many jobs in a thousand have their work times `tail_factor`. */
  readonly tail_per_mille: number;
  readonly tail_factor: number;
  /** ASCII filler carried with the job. */
  readonly payload_bytes: number;
  /** How many jobs in a thousand fail at their first attempt, after the compute. */
  readonly fail_per_mille: number;
  /** Bytes allocated, written once and dropped by each job. */
  readonly alloc_bytes: number;
  /** How many jobs in a thousand spin for `block_ms` on the scheduler's own thread. */
  readonly block_per_mille: number;
  readonly block_ms: number;
  /** Where the compute runs; `auto`: in the pool above 20,000 steps. */
  readonly compute_on: 'auto' | 'inline' | 'pool';
  /** Scale a sweep. */
  readonly work_mul: number;
  readonly work_div: number;
  readonly sleep_mul: number;
  /** Jobs per second offered in total, open loop; 0: as fast as the bound admits. */
  readonly rate: number;
  /** Interval between crashes; no crashes if and only if `crash_max_ms` is 0. */
  readonly crash_min_ms: number;
  readonly crash_max_ms: number;
  /** Slots, each running its share of the jobs; a crash takes one. */
  readonly crash_slots: number;
}

const U32_MAX = 4_294_967_295;
/** The longest wait that Node's timers can hold. */
const LONGEST_TIMER_MS = 2_147_483_647;

interface Rule {
  /** Null: the machine's cores. */
  readonly standard: number | string | null;
  /** What the value must be, as the rest of a sentence. */
  readonly must: string;
  readonly fits: (value: unknown) => boolean;
}

function integer(standard: number | null, min: number, max = U32_MAX): Rule {
  return {
    standard,
    must: `must be an integer from ${min} to ${max}`,
    fits: (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
  };
}

function oneOf(...words: readonly [string, ...string[]]): Rule {
  return {
    standard: words[0],
    must: `must be ${words.map((word) => `"${word}"`).join(' or ')}`,
    fits: (value) => words.includes(value as string),
  };
}

const RULES: Readonly<Record<keyof WorkloadParameters, Rule>> = {
  seed: integer(42, 0),
  jobs: integer(20_000, 1),
  producers: integer(4, 1),
  workers: integer(64, 1),
  threads: integer(null, 1),
  queue_bound: integer(256, 1),
  policy: oneOf('block', 'reject'),
  work_min: integer(200, 0),
  work_max: integer(2_000, 0),
  sleep_min: integer(1, 0),
  sleep_max: integer(20, 0),
  tail_per_mille: integer(10, 0, 1_000),
  tail_factor: integer(20, 0),
  payload_bytes: integer(128, 0, 2 ** 28),
  fail_per_mille: integer(0, 0, 1_000),
  alloc_bytes: integer(0, 0, 2 ** 30),
  block_per_mille: integer(0, 0, 1_000),
  block_ms: integer(0, 0),
  compute_on: oneOf('auto', 'inline', 'pool'),
  work_mul: integer(1, 0),
  work_div: integer(1, 1),
  sleep_mul: integer(1, 0),
  rate: {
    standard: 0,
    must: 'must be a number of jobs per second, 0 or more',
    fits: (value) => Number.isFinite(value) && (value as number) >= 0,
  },
  crash_min_ms: integer(0, 0),
  crash_max_ms: integer(0, 0),
  crash_slots: integer(4, 1),
};

/** Every parameter's name, in the order of the specification. */
export const PARAMETER_NAMES = Object.keys(RULES) as readonly (keyof WorkloadParameters)[];

const STANDARD = Object.fromEntries(PARAMETER_NAMES.map((name) => [name, RULES[name].standard]));

/** The parameters of a run that says nothing; `threads` is the machine's cores. */
export function defaultParameters(cores: number): WorkloadParameters {
  return { ...STANDARD, threads: cores } as WorkloadParameters;
}

/** One thing wrong with the parameters; `name` is null when it is wrong with the whole. */
export interface ParameterFault {
  readonly name: string | null;
  readonly message: string;
}

/** What a check came to: a complete, frozen value, or everything that is wrong. */
export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly faults: readonly ParameterFault[] };

export function isObject(raw: unknown): raw is Readonly<Record<string, unknown>> {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}

/** What is wrong with the parameters in `raw`, each looked at alone. */
function faultsOfEach(raw: Readonly<Record<string, unknown>>): ParameterFault[] {
  return Object.entries(raw).flatMap(([name, value]) => {
    if (!Object.hasOwn(RULES, name)) return [{ name, message: `there is no parameter "${name}"` }];
    const rule = RULES[name as keyof WorkloadParameters];
    return rule.fits(value) ? [] : [{ name, message: `${name} ${rule.must}` }];
  });
}

type RangeEnd = 'work_max' | 'sleep_max' | 'crash_max_ms';
type RangeStart = 'work_min' | 'sleep_min' | 'crash_min_ms';

function rangeFaults(p: WorkloadParameters, min: RangeStart, max: RangeEnd): ParameterFault[] {
  if (p[max] < p[min]) return [{ name: max, message: `${max} must not be less than ${min}` }];
  if (p[max] - p[min] < 65_536) return [];
  return [{ name: max, message: `${min} to ${max} must have at most 65,536 values` }];
}

/** What is wrong between parameters that are fine each alone. */
function faultsBetween(p: WorkloadParameters): ParameterFault[] {
  const faults = [...rangeFaults(p, 'work_min', 'work_max'), ...rangeFaults(p, 'sleep_min', 'sleep_max')];
  if (p.crash_max_ms > 0) faults.push(...rangeFaults(p, 'crash_min_ms', 'crash_max_ms'));
  const mostWork = Math.floor((p.work_max * p.work_mul) / p.work_div) * p.tail_factor;
  if (p.work_max * p.work_mul > U32_MAX || mostWork > U32_MAX) {
    const message = `work_max times work_mul, and the same over work_div times tail_factor, must be at most ${U32_MAX}`;
    faults.push({ name: 'work_max', message });
  }
  if (p.sleep_max * p.sleep_mul > LONGEST_TIMER_MS) {
    const message = `sleep_max times sleep_mul must be at most ${LONGEST_TIMER_MS} ms`;
    faults.push({ name: 'sleep_max', message });
  }
  return faults;
}

/** Checks parameters as a person or a job gives them, and fills in what they leave out. All faults come at once. */
export function parseParameters(raw: unknown, cores = 1): Parsed<WorkloadParameters> {
  if (!isObject(raw)) {
    return { ok: false, faults: [{ name: null, message: 'must be an object of parameters' }] };
  }
  const faults = faultsOfEach(raw);
  if (faults.length > 0) return { ok: false, faults };
  const value = Object.freeze({ ...defaultParameters(cores), ...raw });
  const between = faultsBetween(value);
  return between.length > 0 ? { ok: false, faults: between } : { ok: true, value };
}
