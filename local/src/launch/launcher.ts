import { join } from 'node:path';
import type { Writable } from 'node:stream';
import {
  type Config,
  DRAIN_MARGINS,
  type Lifecycle,
  lifecycle,
  MillraceError,
  messageOf,
} from '@millrace/core';
import type { Host } from '../host.ts';
import { startTracing, type Tracing, withTraceUrl } from '../jaeger/tracing.ts';
import { ownStore } from '../store/own-store.ts';
import { checkExternalStore, publicUrl } from '../store/reachable.ts';
import { supplyServer } from '../store/supply.ts';
import type { Child } from './child.ts';
import { type PodRecord, parseOrder } from './cluster-messages.ts';
import { compiledTree } from './compiled.ts';
import { claimFolder, type Folder } from './folder.ts';
import { type Keeper, type KeeperDependencies, keep } from './keeper.ts';
import { Kubelet } from './kubelet.ts';
import { rotateLogs } from './log-rotation.ts';
import { namedPorts, reservePorts } from './ports.ts';
import { endLeftovers, leftovers, ProcessRecord } from './process-record.ts';
import { compileRun } from './run-config.ts';
import { type Departures, prepareServices, type Services } from './services.ts';

/** How long the first worker pods may take before we say so and go on. */
const PODS_READY_MS = 30_000;
/** After a hastened drain: time for the supervisor to give the jobs of killed pods back. */
const RECLAIM_MS = 1_000;

/** What is to be run. `rewire` is for injected faults alone. */
export interface LaunchSettings extends Departures {
  readonly dir: string;
  readonly configText: string | null;
  /** Settings that win over the file's. */
  readonly imposed: Readonly<Record<string, unknown>>;
  /** Whether a Jaeger may be started for the traces of this run. */
  readonly jaeger?: boolean;
}

/** What runs, once it does. */
export interface Running {
  readonly config: Config;
  readonly url: string;
  readonly ports: ReadonlyMap<string, number>;
  /** Without its password. */
  readonly storeUrl: string;
  /** The store server that we run, such as "redis 7.0.15"; null when it is somebody else's. */
  readonly storeProgram: string | null;
  /** Pages and API of the Jaeger that we run; null without one. */
  readonly jaegerUrl: string | null;
  readonly folder: Folder;
}

/** The whole platform on this machine. */
export interface Launcher extends Lifecycle {
  /** What runs; throws before `start` resolved. */
  running(): Running;
  pods(): readonly PodRecord[];
  /** Cuts a drain short: running jobs are given back. */
  hasten(): void;
  /** The process of a service, for whoever must name it; of several supervisors the first. */
  pidOf(name: 'store' | 'producer' | 'supervisor'): number | null;
  /** The processes of all supervisors. */
  supervisorPids(): number[];
}

function urlOf(config: Config, ports: ReadonlyMap<string, number>): string {
  const everywhere = ['0.0.0.0', '::', ''].includes(config.http.host);
  const host = everywhere ? '127.0.0.1' : config.http.host;
  return `http://${host.includes(':') ? `[${host}]` : host}:${ports.get('http.port')}`;
}

/** Builds the launcher; nothing happens before `start`. `notes` takes lines for people. */
export function createLauncher(host: Host, settings: LaunchSettings, notes: Writable): Launcher {
  const { clock } = host;
  const note = (line: string) => void notes.write(`${line}\n`);
  const keepers: Partial<Record<'store' | 'producer', Keeper>> = {};
  let supervisors: readonly Keeper[] = [];
  let running: Running | null = null;
  let folder: Folder | null = null;
  let tracing: Tracing | null = null;
  let kubelet: Kubelet | null = null;
  let drainMs = 0;
  let hastened = false;

  const claim = async (config: Config) => {
    folder = await claimFolder(settings.dir, host.pid);
    const recordFile = join(folder.run, 'processes.json');
    const left = await leftovers(recordFile);
    if (left.length > 0) {
      const names = left.map((one) => one.name).join(', ');
      note(`Ending what an earlier start left behind when it was killed: ${names}`);
      await endLeftovers(left, config.drain.timeoutMs + DRAIN_MARGINS.podEndMs, clock);
    }
    await rotateLogs(folder.logs);
    return { folder, record: new ProcessRecord(recordFile) };
  };

  const startStore = async (
    config: Config,
    external: string | null,
    at: Folder,
    deps: KeeperDependencies,
  ) => {
    if (external !== null) {
      // Who shows a password's file or certificates of its own is judged by the services, which know how.
      if (!config.redis.passwordFile && !config.redis.tls) await checkExternalStore(external);
      return { url: external, program: null };
    }
    const program = await supplyServer(host, notes);
    const store = await ownStore(program, at, config.durability, { env: host.env, clock });
    keepers.store = keep(store.process, deps);
    await keepers.store.start();
    return { url: store.url, program: `${program.kind} ${program.version}` };
  };

  const startServices = async (config: Config, services: Services, deps: KeeperDependencies) => {
    const wanted = Object.values(config.pools).reduce((sum, pool) => sum + pool.pods, 0);
    let ready = 0;
    const workers = Promise.withResolvers<void>();
    if (wanted === 0) workers.resolve();
    const pods = new Kubelet({
      clock,
      note,
      // All hear of every pod, whoever leads: one of them goes on if that one dies.
      tell: (news) => supervisors.filter((each) => each.current()?.send(news)).length > 0,
      onExit: deps.onExit,
      async spawnPod(id, pool, firstPod) {
        const child = await services.pod(id, pool, firstPod);
        child.onMessage((message) => {
          if (message.type === 'ready' && ++ready >= wanted) workers.resolve();
        });
        await deps.onSpawn(child);
        return child;
      },
    });
    kubelet = pods;
    const listen = (child: Child) =>
      child.onMessage((message) => {
        const order = parseOrder(message);
        if (order) pods.receive(order);
      });
    keepers.producer = keep(services.producer(), deps);
    supervisors = Array.from({ length: config.supervision.replicas }, (_, at) =>
      keep(services.supervisor(at, listen), deps),
    );
    await Promise.all([keepers.producer, ...supervisors].map((each) => each.start()));
    const late = clock.after(PODS_READY_MS, () => {
      note(`The workers are not ready yet; their logs are in ${folder?.logs}`);
      workers.resolve();
    });
    await workers.promise;
    late.cancel();
  };

  const start = async () => {
    const { config: compiled, externalStore } = compileRun(host.env, settings.configText, settings.imposed);
    drainMs = compiled.drain.timeoutMs;
    const claimed = await claim(compiled);
    const deps: KeeperDependencies = {
      clock,
      note,
      onSpawn: (child) => claimed.record.add(child.name, child.pid),
      onExit: (child) => claimed.record.remove(child.pid),
    };
    const tree = await compiledTree(host, note);
    const ports = await reservePorts(namedPorts(compiled));
    tracing = settings.jaeger ? await startTracing(host, claimed.folder, deps) : null;
    const config = withTraceUrl(compiled, tracing);
    const store = await startStore(config, externalStore, claimed.folder, deps);
    const services = await prepareServices(host, tree, claimed.folder, config, ports, store.url, {
      ...settings,
      environment: (service, pool) => ({ ...tracing?.environment, ...settings.environment?.(service, pool) }),
    });
    await startServices(config, services, deps);
    running = {
      config,
      ports,
      url: urlOf(config, ports),
      storeUrl: publicUrl(store.url),
      storeProgram: store.program,
      jaegerUrl: tracing?.url ?? null,
      folder: claimed.folder,
    };
  };

  // Pods before what they need: the producer's waiters, the supervisor's links, and last the store. All write spans.
  const stop = async () => {
    await kubelet?.drain(hastened ? DRAIN_MARGINS.podEndMs : drainMs + DRAIN_MARGINS.podEndMs);
    if (hastened) await clock.sleep(RECLAIM_MS);
    await keepers.producer?.stop();
    await Promise.all(supervisors.map((each) => each.stop()));
    await tracing?.keeper.stop();
    await keepers.store?.stop();
    await folder?.release();
  };

  return {
    ...lifecycle(async () => {
      try {
        await start();
      } catch (error) {
        if (error instanceof MillraceError) throw error;
        throw new MillraceError('start_failed', messageOf(error), { cause: error });
      }
    }, stop),
    running() {
      if (running === null) throw new Error('nothing runs yet');
      return running;
    },
    pods: () => kubelet?.pods() ?? [],
    hasten() {
      hastened = true;
      kubelet?.hasten();
    },
    pidOf: (name) => (name === 'supervisor' ? supervisors[0] : keepers[name])?.current()?.pid ?? null,
    supervisorPids: () => supervisors.flatMap((each) => each.current()?.pid ?? []),
  };
}
