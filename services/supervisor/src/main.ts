import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { type Config, compileConfig, createLog, keepCompiled, messageOf, systemClock } from '@millrace/core';
import { openLinkKeys } from '@millrace/supervision';
import { readTelemetrySettings, unreadableFile } from '@millrace/telemetry';
import type { Cluster } from './cluster/cluster.ts';
import { isInCluster, readCredentials } from './cluster/kubernetes/credentials.ts';
import { createKubernetesCluster } from './cluster/kubernetes/kubernetes-cluster.ts';
import { createLocalCluster, createUnmanagedCluster } from './cluster/local-cluster.ts';
import { createSupervisor } from './supervisor.ts';

keepCompiled();

/** The text of the file that an environment variable names; throws a sentence that says which. */
function textOf(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`${variable} names a file that cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function readConfig(): Config {
  const { MILLRACE_CONFIG: file } = process.env;
  return compileConfig(process.env, file ? textOf('MILLRACE_CONFIG', file) : null);
}

/** Under a launcher the pods are ours to keep; in Kubernetes its controllers make them; alone we only watch. */
function clusterOf(config: Config, log: ReturnType<typeof createLog>): Cluster {
  const { cluster } = config.supervision;
  // A launcher may itself run in a pod, of a build for example: its word is nearer.
  if (cluster === 'kubernetes' || (cluster === 'auto' && !process.send && isInCluster(process.env))) {
    const credentials = readCredentials(process.env, systemClock);
    const id = `${hostname()}_${randomUUID()}`;
    const { kubernetes: place, supervision } = config;
    const { dryRun } = supervision;
    return createKubernetesCluster({ credentials, place, id, dryRun, clock: systemClock, log });
  }
  if (cluster === 'none' || !process.send) return createUnmanagedCluster();
  const channel = {
    send: (message: object) => process.send?.(message, () => undefined),
    onMessage: (listener: (message: unknown) => void) => void process.on('message', listener),
  };
  return createLocalCluster(channel, log);
}

/** Who tells of itself. */
function identity() {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return { name: 'millrace-supervisor', version, instance: `${hostname()}.${process.pid}` };
}

async function main(): Promise<void> {
  const config = readConfig();
  const log = createLog('supervisor', config.log.level);
  const supervisor = createSupervisor(config, {
    clock: systemClock,
    log,
    key: config.linkKeyFile === null ? null : openLinkKeys(config.linkKeyFile, log),
    cluster: clusterOf(config, log),
    pid: process.pid,
    telemetry: readTelemetrySettings(process.env, identity(), unreadableFile),
  });
  const end = async (why: string) => {
    log.info({ why }, 'The supervisor ends');
    await supervisor.stop();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(signal));
  process.on('disconnect', () => void end('the launcher is gone'));
  await supervisor.start();
  process.send?.({ type: 'ready', ports: supervisor.ports });
}

main().catch((error) => {
  process.stderr.write(`millrace supervisor: ${messageOf(error)}\n`);
  process.exit(1);
});
