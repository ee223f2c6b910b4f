import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newStartId, silentLog, systemClock } from '@millrace/core';
import {
  type Beat,
  createLinkServer,
  type Exit,
  type FromWorker,
  type Hello,
  type LinkServer,
  type PodBeat,
} from '@millrace/supervision';
import { until } from './queue.ts';
import { serviceMain } from './service-main.ts';
import { testStore } from './store.ts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const HANDLERS = at('../fixtures/handlers/worker');

/** What a supervisor would have heard, so far. */
export interface Heard {
  readonly hellos: Hello[];
  readonly exits: Exit[];
  readonly beats: Map<string, Beat>;
  readonly podBeats: PodBeat[];
  readonly byes: string[];
  readonly closed: string[];
}

/** A real pod, and the supervisor's end of its links. */
export interface TestPod {
  readonly id: string;
  readonly child: ChildProcess;
  readonly pid: number;
  readonly links: LinkServer;
  readonly heard: Heard;
  readonly stderr: () => string;
  readonly healthPort: () => number;
  /** Worker processes in a slot, by their last beats. */
  readonly active: () => Beat[];
  /** Start id and pid of the process in `slot`. */
  inSlot(slot: number): { id: string; pid: number };
  /** Of the pod supervisor. */
  readonly exit: Promise<{ code: number | null; signal: string | null }>;
  get(path: string): Promise<{ status: number; body: string }>;
  /** Pids of a process's direct children. */
  childrenOf(pid: number): Promise<number[]>;
  /** Whatever is left of the pod is killed. */
  close(): Promise<void>;
}

function listen(heard: Heard): LinkServer {
  return createLinkServer(
    { host: '127.0.0.1', port: 0, key: null, supervisor: 'test', beatMs: 50 },
    {
      onHello: (hello) => heard.hellos.push(hello),
      onMessage: (id, message: FromWorker) => {
        if (message.type === 'exit') heard.exits.push(message);
        else if (message.type === 'beat') heard.beats.set(id, message);
        else if (message.type === 'pod-beat') heard.podBeats.push(message);
        else heard.byes.push(id);
      },
      onClose: (id) => heard.closed.push(id),
      clock: systemClock,
      log: silentLog,
    },
  );
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** State letter of a process (`T` is stopped), or null when there is none. Zombies count as none. */
export async function processState(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const state = stat.slice(stat.lastIndexOf(')') + 2).charAt(0);
  return state === '' || state === 'Z' ? null : state;
}

/** Starts a pod as the launcher does and, unless told otherwise, waits until every slot is filled. */
export async function startPod(
  yaml: string,
  options: {
    prefix: string;
    ready?: boolean;
    handlers?: string;
    redisUrl?: string;
    env?: Record<string, string>;
  },
): Promise<TestPod> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-test-pod-'));
  const file = join(dir, 'config.yaml');
  await writeFile(file, `redis: {prefix: ${options.prefix}}\n${yaml}`);
  const heard: Heard = { hellos: [], exits: [], beats: new Map(), podBeats: [], byes: [], closed: [] };
  const links = listen(heard);
  await links.start();
  const id = newStartId('testpod');
  const child = fork(await serviceMain('pod'), ['--pod', id, '--pool', 'default'], {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    env: {
      PATH: process.env.PATH,
      MILLRACE_CONFIG: file,
      MILLRACE_REDIS_URL: options.redisUrl ?? testStore().productUrl,
      MILLRACE_HANDLERS: options.handlers ?? HANDLERS,
      MILLRACE_SUPERVISORS: `127.0.0.1:${links.port}`,
      ...options.env,
    },
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const exit = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  let healthPort = 0;
  child.on('message', (message: { type: string; ports?: { health: number } }) => {
    if (message.type === 'ready') healthPort = message.ports?.health ?? 0;
  });
  const pod: TestPod = {
    id,
    child,
    pid: child.pid ?? 0,
    links,
    heard,
    stderr: () => stderr,
    healthPort: () => healthPort,
    active: () => {
      const gone = new Set(heard.exits.map(({ worker }) => worker));
      return [...heard.beats]
        .filter(([worker, beat]) => !gone.has(worker) && beat.slot !== null)
        .map(([, b]) => b);
    },
    inSlot(slot) {
      const gone = new Set(heard.exits.map(({ worker }) => worker));
      const found = [...heard.beats].find(([worker, beat]) => !gone.has(worker) && beat.slot === slot);
      const hello = heard.hellos.findLast(({ id: helloId }) => helloId === found?.[0]);
      if (!hello) throw new Error(`nobody is in slot ${slot}\n${stderr}`);
      return { id: hello.id, pid: hello.pid };
    },
    exit,
    async get(path) {
      const response = await fetch(`http://127.0.0.1:${healthPort}${path}`);
      return { status: response.status, body: await response.text() };
    },
    async childrenOf(pid) {
      const list = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
      return list.split(' ').filter(Boolean).map(Number);
    },
    async close() {
      child.kill('SIGKILL');
      await exit;
      const pids = heard.hellos.map(({ pid }) => pid).filter((pid) => pid !== child.pid);
      for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL');
      await links.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
  if (options.ready ?? true) {
    // Its own word may be ahead of the first beats of those in the slots.
    const slots = Number(/processes: (\d+)/.exec(yaml)?.[1] ?? 1);
    const isReady = () => healthPort !== 0 && pod.active().length >= slots;
    await until(isReady, `the pod is ready`, 20_000).catch(async (error) => {
      await pod.close();
      throw new Error(`${error.message}\n${stderr}`);
    });
  }
  return pod;
}
