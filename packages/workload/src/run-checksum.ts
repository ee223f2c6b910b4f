import type { WorkloadParameters } from './parameters.ts';
import { checksumOf } from './plan.ts';

/**
 * What the run's checksum must be: XOR of the checksums of all ids, each counted once. Does all the
 * compute of the run, and none of its sleeping.
 */
export function runChecksum(parameters: WorkloadParameters): number {
  let checksum = 0;
  for (let id = 0; id < parameters.jobs; id++) checksum ^= checksumOf(parameters, id);
  return checksum >>> 0;
}
