import type { Clock, Log } from '@millrace/core';
import type { RunJob } from '@millrace/queue';
import { defineHandler, type Handler } from '@millrace/sdk';
import { createIoLane } from '../lanes/io-lane.ts';
import { UNTRACED } from '../telemetry/run-tracing.ts';
import { createRunner } from './run-job.ts';

const PRACTICE: Handler = {
  ...defineHandler({ queue: 'rehearsal', name: 'rehearsal', run: () => null }),
  file: '',
};
const UNWATCHED = { began: () => undefined, ended: () => undefined };
const NO_POOL = { compute: () => Promise.reject(new Error('nothing computes in a rehearsal')) };

/** Runs an empty handler the way that all others go, whatever the job is: before a process runs anything. */
export function createRehearsal(maxResultBytes: number, clock: Clock, log: Log): RunJob {
  const lane = createIoLane(NO_POOL, UNWATCHED, log);
  const registry = { get: () => PRACTICE };
  return createRunner({ registry, maxResultBytes, laneOf: () => lane, openTracing: () => UNTRACED, clock })
    .run;
}
