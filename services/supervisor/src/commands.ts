import type { Log, WorkerCommand } from '@millrace/core';
import type { LinkServer } from '@millrace/supervision';
import type { Cluster } from './cluster/cluster.ts';

export interface CommandDependencies {
  readonly links: Pick<LinkServer, 'order'>;
  readonly cluster: Pick<Cluster, 'manages' | 'kill'>;
  /** The pod of a worker start; undefined when `id` is no worker that we know. */
  readonly podOf: (id: string) => string | undefined;
  readonly isPod: (id: string) => boolean;
  /** That pod was told to end. */
  readonly toldToEnd: (pod: string) => void;
  readonly log: Log;
}

/**
 * Passes an operator's command on as an order. Drain: to the worker, or through its pod when it is not linked.
 * Kill: always through the parent, since a worker that must be killed may not listen.
 */
export function runCommand(command: WorkerCommand, dependencies: CommandDependencies): void {
  const { kind, worker, by } = command;
  const { links, cluster, podOf, isPod, toldToEnd, log } = dependencies;
  const order = (to: string | undefined) => to !== undefined && links.order(to, { type: kind, worker, by });
  let passed: boolean;
  if (isPod(worker)) {
    if (kind === 'drain') toldToEnd(worker);
    passed = order(worker);
    // Its own word is not needed where somebody else can end it.
    if (kind === 'kill' && cluster.manages) {
      cluster.kill(worker);
      passed = true;
    }
  } else {
    passed = kind === 'drain' ? order(worker) || order(podOf(worker)) : order(podOf(worker));
  }
  if (passed) log.info({ kind, worker, by }, 'An operator’s command was passed on');
  else log.warn({ kind, worker, by }, 'A command for a worker that nobody here knows or reaches');
}
