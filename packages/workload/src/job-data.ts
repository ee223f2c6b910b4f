import {
  defaultParameters,
  isObject,
  PARAMETER_NAMES,
  type ParameterFault,
  type Parsed,
  parseParameters,
  type WorkloadParameters,
} from './parameters.ts';

/** The data of a workload job, as it travels: `seed`, `id`, and every parameter that is not its default. */
export interface JobData extends Partial<WorkloadParameters> {
  readonly seed: number;
  readonly id: number;
  /** The filler; nobody reads it. */
  readonly payload?: string;
}

/** One job of a run, complete. */
export interface WorkloadJob {
  readonly id: number;
  readonly parameters: WorkloadParameters;
}

const LAST_ID = 4_294_967_295;
const DEFAULTS = defaultParameters(1);

/** Those parameters that a job must carry: what it leaves out is the default wherever it runs. */
export function parametersToCarry(parameters: WorkloadParameters): Partial<WorkloadParameters> {
  const names = PARAMETER_NAMES.filter((name) => name !== 'threads' && parameters[name] !== DEFAULTS[name]);
  return Object.fromEntries(names.map((name) => [name, parameters[name]]));
}

/** Makes the data of the run's jobs. What they have in common is worked out once. */
export function jobDataMaker(parameters: WorkloadParameters): (id: number) => JobData {
  const { seed, payload_bytes } = parameters;
  const carried = parametersToCarry(parameters);
  const payload = payload_bytes > 0 ? { payload: 'x'.repeat(payload_bytes) } : {};
  return (id) => ({ ...carried, seed, id, ...payload });
}

function ownFaults({ seed, id, payload }: Readonly<Record<string, unknown>>): ParameterFault[] {
  const faults: ParameterFault[] = [];
  if (seed === undefined) faults.push({ name: 'seed', message: 'seed is missing' });
  if (!Number.isInteger(id) || (id as number) < 0 || (id as number) > LAST_ID) {
    faults.push({ name: 'id', message: `id must be an integer from 0 to ${LAST_ID}` });
  }
  if (payload !== undefined && typeof payload !== 'string') {
    faults.push({ name: 'payload', message: 'payload must be text' });
  }
  return faults;
}

/** Checks the data of a job. All faults come at once. */
export function parseJobData(raw: unknown): Parsed<WorkloadJob> {
  if (!isObject(raw)) {
    return { ok: false, faults: [{ name: null, message: 'must be an object with seed and id' }] };
  }
  const { id, payload: _filler, ...rest } = raw;
  const parameters = parseParameters(rest);
  const faults = [...ownFaults(raw), ...(parameters.ok ? [] : parameters.faults)];
  if (faults.length > 0 || !parameters.ok) return { ok: false, faults };
  return { ok: true, value: { id: id as number, parameters: parameters.value } };
}
