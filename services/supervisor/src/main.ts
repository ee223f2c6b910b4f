import { readFileSync } from 'node:fs';
import { type Config, compileConfig, createLog, messageOf, systemClock } from '@millrace/core';
import type { Cluster } from './cluster/cluster.ts';
import { createLocalCluster, createUnmanagedCluster } from './cluster/local-cluster.ts';
import { createSupervisor } from './supervisor.ts';

function readConfig(): Config {
  const { MILLRACE_CONFIG } = process.env;
  return compileConfig(process.env, MILLRACE_CONFIG ? readFileSync(MILLRACE_CONFIG, 'utf8') : null);
}

/** Under a launcher its pods are ours to keep; alone we only watch. */
function clusterOf(log: ReturnType<typeof createLog>): Cluster {
  if (!process.send) return createUnmanagedCluster();
  const channel = {
    send: (message: object) => process.send?.(message, () => undefined),
    onMessage: (listener: (message: unknown) => void) => void process.on('message', listener),
  };
  return createLocalCluster(channel, log);
}

async function main(): Promise<void> {
  const config = readConfig();
  const log = createLog('supervisor', config.log.level);
  const supervisor = createSupervisor(config, {
    clock: systemClock,
    log,
    key: config.linkKeyFile === null ? null : readFileSync(config.linkKeyFile, 'utf8').trim(),
    cluster: clusterOf(log),
    pid: process.pid,
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
