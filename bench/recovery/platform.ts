import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { createLauncher, type Host, type Launcher } from '@millrace/local';
import { BOUND, BUDGET, SHAPE } from './settings.ts';

/** Any free port: a platform that the user runs beside the bench keeps its own. */
const ANY_PORT = {
  http: { port: 0, healthPort: 0 },
  supervision: { linkPort: 0, healthPort: 0 },
  worker: { healthPort: 0 },
};

const IMPOSED = {
  http: ANY_PORT.http,
  supervision: { ...ANY_PORT.supervision, ...BUDGET },
  worker: { ...ANY_PORT.worker, processes: SHAPE.processes },
  queues: { [SHAPE.queue]: { bound: BOUND.open, concurrency: SHAPE.concurrency } },
};

/** The platform of one run, in a folder of its own that goes with it. */
export interface OwnPlatform {
  readonly launcher: Launcher;
  stop(): Promise<void>;
}

/** Starts store, producer, supervisor and one pod, as `npm start` does; the user's MILLRACE_* settings are left out. */
export async function startPlatform(host: Host, notes: Writable): Promise<OwnPlatform> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  const env = Object.fromEntries(Object.entries(host.env).filter(([name]) => !name.startsWith('MILLRACE_')));
  const launcher = createLauncher({ ...host, env }, { dir, configText: null, imposed: IMPOSED }, notes);
  const stop = async () => {
    await launcher.stop();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await launcher.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { launcher, stop };
}
