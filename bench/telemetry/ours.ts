import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type Api, createApi, createLauncher, type Host, type Launcher } from '@millrace/local';
import { EVENTS_KEPT, lookAt, type QueueEnds } from '../stock/queue-ends.ts';
import { SHAPE } from './settings.ts';
import { environmentOf, OURS, type OurSide, queueOf } from './sides.ts';
import { dataOf } from './work.ts';

const HANDLERS = fileURLToPath(new URL('./handlers', import.meta.url));
const QUIET = new Writable({ write: (_chunk, _encoding, done) => done() });
const BULK = 500;
const LOOK_MS = 50;
const SERVING_MS = 60_000;

/** One platform with a pool for each of our sides. */
export interface OurPlatform {
  readonly storePort: number;
  pids(side: OurSide): readonly number[];
  fill(side: OurSide, jobs: number): Promise<void>;
  /** Lets the queue's jobs run; resolves when none waits or runs, with what the store's events tell. */
  drain(side: OurSide, signal: AbortSignal): Promise<QueueEnds>;
  stop(): Promise<void>;
}

const ANY_PORT = {
  http: { port: 0, healthPort: 0 },
  supervision: { linkPort: 0, healthPort: 0 },
};

function imposed(jobs: number) {
  const queues = OURS.map((side) => [queueOf(side), { bound: jobs, concurrency: SHAPE.concurrency }]);
  const pools = OURS.map((side) => [side, { pods: 1, queues: [queueOf(side)] }]);
  return {
    ...ANY_PORT,
    retention: { events: EVENTS_KEPT },
    worker: { processes: SHAPE.processes, standby: 0, cpuThreads: 1, healthPort: 0 },
    queues: Object.fromEntries(queues),
    pools: Object.fromEntries(pools),
  };
}

function podOf(launcher: Launcher, side: OurSide): number[] {
  return launcher
    .pods()
    .filter(({ pool }) => pool === side)
    .map(({ pid }) => pid);
}

async function untilServing(api: Api, { clock }: Host): Promise<void> {
  const wanted = OURS.length * SHAPE.processes;
  const untilMs = clock.monotonicMs() + SERVING_MS;
  while (clock.monotonicMs() < untilMs) {
    const path = '/v1/workers';
    const { workers } = await api.must<{ workers: readonly { state: string }[] }>({ method: 'GET', path });
    if (workers.filter(({ state }) => state === 'running').length >= wanted) return;
    await clock.sleep(LOOK_MS);
  }
  throw new Error('the workers did not come up');
}

interface Counts {
  readonly counts: Readonly<Record<string, number>>;
}

/** Starts it: store, producer, supervisor, three pods. `endpoint` is the collector of a side. */
export async function startOurPlatform(
  host: Host,
  settings: {
    readonly jobs: number;
    readonly endpoint: (side: OurSide) => string;
    readonly signal: AbortSignal;
  },
): Promise<OurPlatform> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  const isOurs = (name: string) => name.startsWith('MILLRACE_') || name.startsWith('OTEL_');
  const env = {
    ...Object.fromEntries(Object.entries(host.env).filter(([name]) => !isOurs(name))),
    MILLRACE_HANDLERS: HANDLERS,
  };
  const launcher = createLauncher(
    { ...host, env },
    {
      dir,
      configText: null,
      imposed: imposed(settings.jobs),
      environment: (service, pool) => {
        const side = OURS.find((each) => each === pool);
        if (service !== 'pod' || side === undefined) return { OTEL_SDK_DISABLED: 'true' };
        return environmentOf(side, settings.endpoint(side));
      },
    },
    QUIET,
  );
  const stop = async () => {
    await launcher.stop();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await launcher.start();
    const { url, storeUrl } = launcher.running();
    const api = createApi({ url, token: undefined }, host.clock, settings.signal);
    await untilServing(api, host);
    const pathOf = (side: OurSide) => `/v1/queues/${queueOf(side)}`;
    const pause = (side: OurSide, paused: boolean) =>
      api.must({ method: 'PATCH', path: pathOf(side), body: { paused } });
    const port = Number(new URL(storeUrl).port);
    const { prefix } = launcher.running().config.redis;
    const events = new Map(OURS.map((side) => [side, lookAt(queueOf(side), { port, prefix })]));
    const takeOf = (side: OurSide) => (events.get(side) as ReturnType<typeof lookAt>).take();
    return {
      storePort: port,
      pids: (side) => podOf(launcher, side),
      async fill(side, jobs) {
        await pause(side, true);
        for (let from = 0; from < jobs; from += BULK) {
          const length = Math.min(BULK, jobs - from);
          const body = { jobs: Array.from({ length }, (_, i) => ({ name: 'noop', data: dataOf(from + i) })) };
          await api.must({ method: 'POST', path: `${pathOf(side)}/jobs`, body });
        }
        await takeOf(side);
      },
      async drain(side, signal) {
        await pause(side, false);
        for (;;) {
          const { counts } = await api.must<Counts>({ method: 'GET', path: pathOf(side) });
          if ((counts.waiting ?? 0) + (counts.active ?? 0) === 0) break;
          await host.clock.sleep(LOOK_MS, signal);
        }
        return takeOf(side);
      },
      async stop() {
        await Promise.all([...events.values()].map((each) => each.close()));
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
