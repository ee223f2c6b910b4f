import { crashes, parseParameters, runChecksum, type WorkloadParameters } from '@millrace/workload';
import type { PlannedCrash } from './crashes.ts';
import { DEMO } from './settings.ts';

/** The demo's run as the workload's own parameters. */
export function demoParameters(settings: {
  readonly jobs: number;
  readonly seed: number;
}): WorkloadParameters {
  const parsed = parseParameters({
    seed: settings.seed,
    jobs: settings.jobs,
    producers: DEMO.producers,
    workers: DEMO.slots * DEMO.concurrency,
    queue_bound: DEMO.bound,
    crash_min_ms: DEMO.crashMinMs,
    crash_max_ms: DEMO.crashMaxMs,
    crash_slots: DEMO.slots,
  });
  if (!parsed.ok) throw new Error(`the demo's parameters: ${JSON.stringify(parsed.faults)}`);
  return parsed.value;
}

/** The first crashes of the seeded sequence. */
export function plannedCrashes(parameters: WorkloadParameters): PlannedCrash[] {
  const planned: PlannedCrash[] = [];
  for (const { atMs, drawn } of crashes(parameters)) {
    planned.push({ atMs, slot: drawn });
    if (planned.length === DEMO.crashes) break;
  }
  return planned;
}

/** The checksum that a right run must show. */
export const expectedChecksum = runChecksum;
