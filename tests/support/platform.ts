import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Recovery, WorkerStatus } from '@millrace/core';
import type { Store, StoredJob } from '@millrace/queue';
import { type BenchStore, type QueueBench, queueBench, until } from './queue.ts';
import { serviceMain } from './service-main.ts';
import { testStore } from './store.ts';
import { freePort } from './store-setup.ts';
import { isAlive } from './worker-pod.ts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const HANDLERS = at('../fixtures/handlers/worker');

/** Longest wait for processes to start, on a machine that is busy with others. */
const START_MS = 60_000;

interface Pod {
  readonly id: string;
  readonly pool: string;
  readonly child: ChildProcess;
  readonly startedAtMs: number;
}

/** A real supervisor with the real pods it asks for; this process is their launcher. */
export interface TestPlatform {
  readonly bench: QueueBench;
  readonly store: Store;
  readonly pods: ReadonlyMap<string, Pod>;
  /** The supervisor `at`, counted from 0, as it was started last. */
  readonly supervisor: (at?: number) => ChildProcess;
  readonly healthPort: (at?: number) => number;
  readonly stderr: () => string;
  startSupervisor(at?: number): Promise<void>;
  endSupervisor(signal: NodeJS.Signals, at?: number): Promise<{ code: number | null; signal: string | null }>;
  /** Waits until one of the supervisors leads and says so, and returns which. */
  leader(): Promise<number>;
  /** The published picture's workers in that state. */
  workers(state?: WorkerStatus['state']): Promise<readonly WorkerStatus[]>;
  /** Waits until `count` workers run, and returns them. */
  running(count: number): Promise<readonly WorkerStatus[]>;
  /** Waits for the end of a recovery. */
  recovered(worker: string, withinMs?: number): Promise<Recovery>;
  add(queue: string, name: string, data: unknown, count?: number): Promise<readonly string[]>;
  jobs(queue: string, ids: readonly string[]): Promise<readonly (StoredJob | null)[]>;
  close(): Promise<void>;
}

export interface PlatformOptions {
  readonly store?: BenchStore;
  /** Runs instead of the pod's own main. */
  readonly podMain?: string;
  readonly supervisors?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** A supervisor's place: where it listens, and its process. */
interface Place {
  readonly linkPort: number;
  readonly configFile: string;
  child: ChildProcess | undefined;
  healthPort: number;
}

/** Starts a supervisor; `yaml` may hold everything but the `supervision` ports and the store's prefix. */
export async function startPlatform(
  yaml: (linkPort: number) => string,
  options: PlatformOptions = {},
): Promise<TestPlatform> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-test-platform-'));
  const places: Place[] = [];
  for (let at = 0; at < (options.supervisors ?? 1); at++) {
    const configFile = join(dir, `config-${at}.yaml`);
    places.push({ linkPort: await freePort(), configFile, child: undefined, healthPort: 0 });
  }
  const supervisorMain = await serviceMain('supervisor');
  const podMain = options.podMain ?? (await serviceMain('pod'));
  const text = yaml(places[0]?.linkPort ?? 0);
  const storeAt: BenchStore = options.store ?? testStore();
  const bench = queueBench(text, storeAt);
  const store = await bench.store('patient');
  const keyFile = join(dir, 'link.key');
  for (const { configFile, linkPort } of places) {
    const redis = JSON.stringify({ ...storeAt.settings, prefix: bench.prefix });
    await writeFile(configFile, `redis: ${redis}\n${yaml(linkPort)}`);
  }
  await writeFile(keyFile, 'a key that both ends know\n');
  const env = {
    PATH: process.env.PATH,
    MILLRACE_CONFIG: placeAt(0).configFile,
    ...(storeAt.settings ? {} : { MILLRACE_REDIS_URL: storeAt.productUrl ?? storeAt.url }),
    MILLRACE_HANDLERS: HANDLERS,
    MILLRACE_LINK_KEY_FILE: keyFile,
    MILLRACE_SUPERVISORS: places.map(({ linkPort }) => `127.0.0.1:${linkPort}`).join(','),
    ...options.env,
  };
  const pods = new Map<string, Pod>();
  const seenPids = new Set<number>();
  const toldToEnd = new Set<string>();
  let stderr = '';
  let closing = false;

  function placeAt(at: number): Place {
    const place = places[at];
    if (!place) throw new Error(`there is no supervisor ${at}`);
    return place;
  }

  const run = (file: string, args: string[], over: Record<string, string> = {}) => {
    const child = fork(file, args, { env: { ...env, ...over }, stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    return child;
  };
  const tell = (message: object) => {
    for (const { child } of places) if (child?.connected) child.send(message, () => undefined);
  };

  function createPod(id: string, pool: string): void {
    if (closing) return;
    const child = run(podMain, ['--pod', id, '--pool', pool]);
    const pod = { id, pool, child, startedAtMs: Date.now() };
    pods.set(id, pod);
    tell({ type: 'pod-started', id, pool, pid: child.pid, startedAtMs: pod.startedAtMs });
    child.once('exit', (code, signal) => {
      pods.delete(id);
      tell({
        ...{ type: 'pod-exited', id, pid: child.pid, code, signal, atMs: Date.now() },
        expected: toldToEnd.has(id),
      });
    });
  }

  function obey(order: { type: string; id: string; pool: string }): void {
    if (order.type === 'list') {
      const list = [...pods.values()].map(({ id, pool, child, startedAtMs }) => ({
        ...{ id, pool, pid: child.pid, startedAtMs },
      }));
      tell({ type: 'pods', pods: list });
    }
    if (order.type === 'create-pod') createPod(order.id, order.pool);
    if (order.type === 'delete-pod') toldToEnd.add(order.id);
    if (order.type === 'delete-pod') pods.get(order.id)?.child.kill('SIGTERM');
    if (order.type === 'kill-pod') pods.get(order.id)?.child.kill('SIGKILL');
  }

  async function startSupervisor(at = 0): Promise<void> {
    const place = placeAt(at);
    const child = run(supervisorMain, [], { MILLRACE_CONFIG: place.configFile });
    place.child = child;
    place.healthPort = 0;
    child.on('message', (message: { type: string; ports?: { health: number } }) => {
      if (message.type === 'ready') place.healthPort = message.ports?.health ?? 0;
      else obey(message as { type: string; id: string; pool: string });
    });
    await until(() => place.healthPort !== 0 || child.exitCode !== null, 'the supervisor is ready', START_MS);
    if (child.exitCode !== null) throw new Error(`the supervisor did not start\n${stderr}`);
  }

  const status = async () => (await store.board.status())?.workers ?? [];
  const platform: TestPlatform = {
    ...{ bench, store, pods, startSupervisor },
    supervisor: (at = 0) => placeAt(at).child as ChildProcess,
    healthPort: (at = 0) => placeAt(at).healthPort,
    stderr: () => stderr,
    async leader() {
      let leads = -1;
      await until(
        async () => {
          const { supervisor } = (await store.board.status()) ?? {};
          leads = supervisor?.leader ? places.findIndex(({ child }) => child?.pid === supervisor.pid) : -1;
          return leads >= 0 && placeAt(leads).child?.exitCode === null && !placeAt(leads).child?.signalCode;
        },
        'a supervisor leads',
        START_MS,
      );
      return leads;
    },
    async endSupervisor(signal, at = 0) {
      const child = platform.supervisor(at);
      const exit = once(child, 'exit');
      child.kill(signal);
      const [code, by] = await exit;
      return { code, signal: by };
    },
    async workers(state) {
      const all = await status();
      for (const { pid } of all) seenPids.add(pid);
      return state === undefined ? all : all.filter((worker) => worker.state === state);
    },
    async running(count) {
      let found: readonly WorkerStatus[] = [];
      await until(
        async () => {
          found = await platform.workers('running');
          return found.length === count;
        },
        `${count} workers run`,
        START_MS,
      ).catch((error) => {
        throw new Error(`${error.message}: ${JSON.stringify(found)}\n${stderr}`);
      });
      return found;
    },
    async recovered(worker, withinMs = START_MS) {
      let found: Recovery | undefined;
      const look = async () => {
        found = (await store.board.recoveries(100)).find(
          ({ id, state }) => id === worker && state === 'done',
        );
        return found !== undefined;
      };
      await until(look, `${worker} is recovered`, withinMs).catch((error) => {
        throw new Error(`${error.message}\n${stderr}`);
      });
      return found as Recovery;
    },
    async add(queue, name, data, count = 1) {
      const batch = Array.from({ length: count }, () => ({ name, data: data as never, opts: {} }));
      const result = await store.queue(queue).add(batch);
      if (result.kind !== 'accepted') throw new Error(`not accepted: ${result.kind}`);
      return result.ids;
    },
    jobs: (queue, ids) => Promise.all(ids.map((id) => store.queue(queue).job(id))),
    async close() {
      closing = true;
      await platform.workers().catch(() => undefined);
      const children = [...places.map(({ child }) => child), ...[...pods.values()].map(({ child }) => child)];
      for (const child of children) {
        if (!child || child.exitCode !== null || child.signalCode !== null) continue;
        const exit = once(child, 'exit');
        child.kill('SIGKILL');
        await exit;
      }
      // Whoever a test froze does not even notice its pod's death.
      for (const pid of [...seenPids].filter(isAlive)) process.kill(pid, 'SIGKILL');
      await bench.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
  for (const at of places.keys()) await startSupervisor(at);
  return platform;
}
