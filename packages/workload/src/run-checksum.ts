import type { WorkloadParameters } from './parameters.ts';
import { checksumOf } from './plan.ts';

/** Counts every id of a run once, however often it is told of. */
export interface RunTally {
  /** True when `id` is new; a repeated or foreign id changes nothing. */
  count(id: number, checksum: number): boolean;
  /** XOR of the checksums of the ids counted. */
  readonly checksum: number;
  /** How many different ids were counted. */
  readonly done: number;
  /** Ids counted before, and counted again. */
  readonly repeated: number;
  /** Ids that the run does not have. */
  readonly foreign: number;
  /** The first `limit` ids not counted yet. */
  missing(limit: number): readonly number[];
}

class Tally implements RunTally {
  checksum = 0;
  done = 0;
  repeated = 0;
  foreign = 0;
  readonly #seen: Uint8Array;

  constructor(jobs: number) {
    this.#seen = new Uint8Array(jobs);
  }

  count(id: number, checksum: number): boolean {
    const seen = this.#seen[id];
    if (seen === undefined) this.foreign++;
    else if (seen === 1) this.repeated++;
    else {
      this.#seen[id] = 1;
      this.checksum = (this.checksum ^ checksum) >>> 0;
      this.done++;
      return true;
    }
    return false;
  }

  missing(limit: number): readonly number[] {
    const ids: number[] = [];
    for (let id = 0; id < this.#seen.length && ids.length < limit; id++) {
      if (this.#seen[id] === 0) ids.push(id);
    }
    return ids;
  }
}

/** A tally of a run of `jobs` jobs; a byte a job. */
export function createTally(jobs: number): RunTally {
  return new Tally(jobs);
}

/** What the run's checksum must be: does all the compute of the run, and none of the sleeping. */
export function runChecksum(parameters: WorkloadParameters): number {
  let checksum = 0;
  for (let id = 0; id < parameters.jobs; id++) checksum ^= checksumOf(parameters, id);
  return checksum >>> 0;
}
