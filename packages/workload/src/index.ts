export { type Crash, crashes, victimSlot } from './crashes.ts';
export { type JobData, jobDataMaker, parametersToCarry, parseJobData, type WorkloadJob } from './job-data.ts';
export { compute } from './lcg.ts';
export {
  defaultParameters,
  PARAMETER_NAMES,
  type ParameterFault,
  type Parsed,
  parseParameters,
  type WorkloadParameters,
} from './parameters.ts';
export { checksumOf, type JobPlan, planJob, scheduledMs } from './plan.ts';
export { runChecksum } from './run-checksum.ts';
export { measureNsPerStep } from './step-cost.ts';
