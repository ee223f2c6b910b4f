import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Config, MillraceError } from '@millrace/core';
import type { Host } from '../host.ts';
import { type Child, startChild } from './child.ts';
import type { CompiledTree, ServiceName } from './compiled.ts';
import type { Folder } from './folder.ts';
import type { KeptProcess } from './keeper.ts';
import { supervisorPort } from './ports.ts';
import { runConfigText } from './run-config.ts';

/** Beyond the drain itself: how long a service may take to close what it holds. */
const CLOSE_MS = 5_000;

/** Where a service finds what it connects to. */
export interface Addresses {
  readonly storeUrl: string;
  /** `host:port` of every supervisor's links. */
  readonly supervisors: readonly string[];
}

/**
 * A fault switch: puts something between the services and what they connect to. Told where that really is, it
 * answers where `service` is to look instead.
 */
export type Rewire = (service: ServiceName, real: Addresses) => Addresses;

/** Variables that a service gets beside the user's own; `pool` of a pod, null otherwise. */
export type EnvironmentOf = (service: ServiceName, pool: string | null) => Readonly<Record<string, string>>;

/** How one run departs from what the configuration says. */
export interface Departures {
  readonly rewire?: Rewire | undefined;
  readonly environment?: EnvironmentOf | undefined;
}

/** Starts the services of one run with the configuration that was compiled for it. */
export interface Services {
  producer(): KeptProcess;
  /** The supervisor `at`, counted from 0. */
  supervisor(at: number, onSpawn: (child: Child) => void): KeptProcess;
  pod(id: string, pool: string, fixedPorts: boolean): Promise<Child>;
}

/** The environment of every service: the user's own, with ours in place of its MILLRACE_* part. */
export function serviceEnvironment(
  env: Host['env'],
  config: Pick<Config, 'handlersDir' | 'tokensFile'>,
  own: {
    readonly compileCache: string;
    readonly configFile: string;
    readonly linkKeyFile: string;
    readonly linkAddress: string;
  },
): Record<string, string | undefined> {
  const others = Object.entries(env).filter(([name]) => !name.startsWith('MILLRACE_'));
  return {
    // With compiled code at hand a service starts, and starts again, in half the time. A folder that cannot be
    // written is no fault: Node then compiles as ever.
    NODE_COMPILE_CACHE: own.compileCache,
    ...Object.fromEntries(others),
    MILLRACE_CONFIG: own.configFile,
    MILLRACE_LINK_KEY_FILE: own.linkKeyFile,
    MILLRACE_SUPERVISORS: own.linkAddress,
    ...(config.handlersDir === null ? {} : { MILLRACE_HANDLERS: config.handlersDir }),
    ...(config.tokensFile === null ? {} : { MILLRACE_TOKENS_FILE: config.tokensFile }),
  };
}

/** As logs and people call the supervisor `at`, counted from 0. */
export function supervisorName(at: number): string {
  return at === 0 ? 'supervisor' : `supervisor-${at + 1}`;
}

/** Resolves at the service's own word that it serves. */
function saysReady(child: Child, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    child.onMessage((message) => {
      if (message.type === 'ready') resolve();
    });
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** Writes the run's configuration files and returns what starts the services with them. */
export async function prepareServices(
  host: Host,
  tree: CompiledTree,
  folder: Folder,
  config: Config,
  ports: ReadonlyMap<string, number>,
  storeUrl: string,
  { rewire, environment }: Departures = {},
): Promise<Services> {
  const configFile = join(folder.run, 'config.yaml');
  const otherPodsConfigFile = join(folder.run, 'config-other-pods.yaml');
  const anyHealthPort = new Map([...ports, ['worker.healthPort', 0]]);
  const replicas = Array.from({ length: config.supervision.replicas }, (_, at) => at);
  const supervisorConfigFile = (at: number) =>
    at === 0 ? configFile : join(folder.run, `config-${supervisorName(at)}.yaml`);
  // 0600: the store's URL may hold a password.
  const write = (file: string, text: string) => writeFile(file, text, { mode: 0o600 });
  try {
    await write(otherPodsConfigFile, runConfigText(config, anyHealthPort, storeUrl));
    for (const at of replicas)
      await write(supervisorConfigFile(at), runConfigText(config, ports, storeUrl, at));
  } catch (error) {
    throw new MillraceError('start_failed', `The folder ${folder.run} cannot be written to: ${error}`, {
      cause: error,
    });
  }

  const linkAddresses = replicas.map((at) => `127.0.0.1:${ports.get(supervisorPort('linkPort', at))}`);
  const linkAddress = linkAddresses.join(',');
  const own = { compileCache: tree.compileCache, configFile, linkKeyFile: folder.linkKeyFile, linkAddress };
  const env = serviceEnvironment(host.env, config, own);
  const rewired = (service: ServiceName) => {
    if (!rewire) return {};
    const to = rewire(service, { storeUrl, supervisors: linkAddresses });
    return { MILLRACE_REDIS_URL: to.storeUrl, MILLRACE_SUPERVISORS: to.supervisors.join(',') };
  };
  const start = (
    service: ServiceName,
    name: string,
    args: readonly string[],
    over = {},
    pool: string | null = null,
  ) =>
    startChild({
      name,
      file: host.nodeFile,
      args: [tree.mainOf(service), ...args],
      env: { ...env, ...rewired(service), ...environment?.(service, pool), ...over },
      logFile: join(folder.logs, `${name}.log`),
      ipc: true,
    });

  return {
    producer: () => ({
      name: 'producer',
      spawn: () => start('producer', 'producer', []),
      untilReady: saysReady,
      graceMs: config.drain.timeoutMs + CLOSE_MS,
    }),
    supervisor: (at, onSpawn) => ({
      name: supervisorName(at),
      spawn: async () => {
        const over = { MILLRACE_CONFIG: supervisorConfigFile(at) };
        const child = await start('supervisor', supervisorName(at), [], over);
        onSpawn(child);
        return child;
      },
      untilReady: saysReady,
      graceMs: 2 * CLOSE_MS,
    }),
    pod: (id, pool, fixedPorts) =>
      start(
        'pod',
        `pod-${id}`,
        ['--pod', id, '--pool', pool],
        { MILLRACE_CONFIG: fixedPorts ? configFile : otherPodsConfigFile },
        pool,
      ),
  };
}
