import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import {
  type Addresses,
  type ChaosTarget,
  createLauncher,
  createTarget,
  createWire,
  findPlatform,
  type Host,
  type Launcher,
  type LocalPlatform,
  overlay,
  type TargetOptions,
  type Wires,
} from '@millrace/local';

const HANDLERS = fileURLToPath(new URL('../../handlers/src/chaos', import.meta.url));
const CLOCK_SHIFT = new URL('clock-shift.mjs', import.meta.url).href;

/** So that a leak comes to its end soon, and not at the size of the machine. */
const HEAP_MB = 192;

/** Little enough for two cores; the restart budget is raised, since here it is not what is measured. */
const SETTINGS = {
  http: { port: 0, healthPort: 0 },
  supervision: { healthPort: 0, intensity: 1_000, backoffMs: 1 },
  worker: { processes: 1, standby: 1, cpuThreads: 1, healthPort: 0, concurrency: 16 },
  pools: { default: { pods: 2 } },
  drain: { timeoutMs: 5_000, noticeMs: 1_000 },
};

/** A whole platform of a test's or a bench's own, in which every fault can be made. */
export interface Rig {
  readonly platform: LocalPlatform;
  readonly wires: Wires;
  readonly logs: string;
  target(options: Omit<TargetOptions, 'wires' | 'setClock'>): ChaosTarget;
  /** Ends it and removes all that it left. */
  stop(): Promise<void>;
}

export interface RigOptions {
  /** Over the settings that every rig has. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Gets the launcher's lines. */
  readonly note?: (line: string) => void;
}

function linesTo(note: (line: string) => void): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      note(String(chunk).trimEnd());
      done();
    },
  });
}

async function makeWires(): Promise<Wires> {
  const [podStore, producerStore, supervisorStore, ...links] = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const wire = createWire();
      await wire.start();
      return wire;
    }),
  );
  if (!podStore || !producerStore || !supervisorStore) throw new TypeError('wires are made by the dozen');
  return { podStore, producerStore, supervisorStore, links };
}

const STORE_WIRE = { pod: 'podStore', producer: 'producerStore', supervisor: 'supervisorStore' } as const;

function hostPort(address: string): { host: string; port: number } {
  const [host = '127.0.0.1', port] = address.split(':');
  return { host, port: Number(port) };
}

/** Leads a service through the wires. */
function rewire(wires: Wires, service: keyof typeof STORE_WIRE, real: Addresses): Addresses {
  const wire = wires[STORE_WIRE[service]];
  const store = new URL(real.storeUrl);
  wire.target = { host: store.hostname, port: Number(store.port) };
  store.port = String(wire.port);
  const supervisors = real.supervisors.map((address, i) => {
    const link = wires.links[i];
    if (!link) return address;
    link.target = hostPort(address);
    return `127.0.0.1:${link.port}`;
  });
  return { storeUrl: store.href, supervisors };
}

/** Starts a rig. Its store, ports and folder are its own; everything listens on loopback. */
export async function startRig(host: Host, options: RigOptions = {}): Promise<Rig> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-chaos-'));
  const clocks = join(dir, 'clocks');
  await mkdir(clocks);
  const wires = await makeWires();
  const env = {
    ...Object.fromEntries(Object.entries(host.env).filter(([name]) => !name.startsWith('MILLRACE_'))),
    MILLRACE_HANDLERS: HANDLERS,
    CHAOS_CLOCKS: clocks,
    NODE_OPTIONS: `--max-old-space-size=${HEAP_MB} --import ${CLOCK_SHIFT}`,
  };
  const launcher: Launcher = createLauncher(
    { ...host, env },
    {
      dir,
      configText: null,
      imposed: overlay(SETTINGS, options.settings ?? {}),
      rewire: (service, real) => rewire(wires, service, real),
    },
    linesTo(options.note ?? (() => undefined)),
  );
  const stop = async () => {
    await launcher.stop();
    const { links, ...stores } = wires;
    await Promise.all([...Object.values(stores), ...links].map((wire) => wire.stop()));
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await launcher.start();
    const platform = await findPlatform(dir);
    return {
      platform,
      wires,
      logs: join(dir, 'logs'),
      target: (own) =>
        createTarget(platform, { ...own, wires, setClock: (pid, ms) => setClock(clocks, pid, ms) }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function setClock(folder: string, pid: number, offsetMs: number): Promise<void> {
  await writeFile(join(folder, String(pid)), String(offsetMs));
  process.kill(pid, 'SIGUSR2');
}
