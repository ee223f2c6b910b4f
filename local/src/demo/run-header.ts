import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Clock } from '@millrace/core';
import { measureNsPerStep } from '@millrace/workload';
import type { Running } from '../launch/launcher.ts';
import type { DemoSettings } from '../options.ts';
import type { RunHeader } from './events-file.ts';
import { DEMO } from './settings.ts';
import { demoParameters } from './workload-plan.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Where the demo departs from the workload's definition, and why. */
const DEVIATIONS = [
  'producers offer chunks of up to 32 ids in one HTTP request; a chunk that does not fit the bound is offered again after the time that the refusal names, and policy is block, so refusals are not counted',
  'wall times of several processes of one machine, each anchored to its monotonic clock when it started',
  'a worker_restart is written when its writer first sees the new worker, up to 0.3 s late',
];

async function json(path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(`${ROOT}/${path}`, 'utf8'));
}

async function commit(): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd: ROOT });
    return stdout.trim();
  } catch {
    return 'unknown';
  }
}

/** Everything that a reader must know to compare this run with another. */
export async function describeRun(
  run: string,
  settings: DemoSettings,
  running: Running,
  clock: Clock,
): Promise<RunHeader> {
  const [root, queue] = await Promise.all([json('package.json'), json('packages/queue/package.json')]);
  const dependencies = queue.dependencies as Record<string, string>;
  return {
    run_id: run,
    versions: {
      millrace: String(root.version),
      node: process.versions.node,
      bullmq: dependencies.bullmq ?? 'unknown',
      store: running.storeProgram ?? 'external',
    },
    build: { sources: 'TypeScript, compiled by rolldown', durability: running.config.durability },
    threads: DEMO.slots,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    kernel: `${type()} ${release()}`,
    load: loadavg()[0] ?? 0,
    commit: await commit(),
    ns_per_step: measureNsPerStep(() => clock.monotonicMs()),
    deviations: DEVIATIONS,
    config: { ...demoParameters(settings) },
  };
}
