import type { Clock, Config, Log, PodStatus, WorkerCommand, WorkerStatus } from '@millrace/core';
import type { LinkServer } from '@millrace/supervision';
import type { PoolKeeper } from './pools/pool-keeper.ts';

export interface CommandDependencies {
  readonly config: Pick<Config, 'supervision'>;
  readonly leads: () => boolean;
  readonly links: Pick<LinkServer, 'order'>;
  readonly keeper: Pick<PoolKeeper, 'asked' | 'drain' | 'kill' | 'resume'>;
  /** A worker start that we know. */
  readonly worker: (id: string) => Pick<WorkerStatus, 'pod' | 'state'> | undefined;
  readonly isPod: (id: string) => boolean;
  /** Of a pod that is linked. */
  readonly podState: (id: string) => PodStatus['state'] | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** Passes operators' commands on as orders. Every replica hears them; the leader acts. */
export interface Commands {
  take(command: WorkerCommand): void;
  /** We lead from now on: what the last leader may not have come to is done now. */
  gain(): void;
}

/**
 * See {@link Commands}. Drain: to the worker, or through its pod when it is not linked. Kill: always through the
 * parent, since a worker that must be killed may not listen. A pod: through whoever runs it, whose word reaches it also
 * without a link, or over its link where nobody does.
 */
export function createCommands(dependencies: CommandDependencies): Commands {
  const { config, leads, links, keeper, worker: find, isPod, podState, clock, log } = dependencies;
  /** A leader's death is noticed and followed within two leases. */
  const keptMs = 2 * config.supervision.leaseMs;
  let unheeded: { readonly command: WorkerCommand; readonly heardMs: number }[] = [];

  function orderPod({ kind, worker: pod, by }: WorkerCommand): boolean {
    if (kind === 'drain' && keeper.drain(pod)) return true;
    if (kind === 'kill' && keeper.kill(pod)) return true;
    return kind !== 'resume-pool' && links.order(pod, { type: kind, worker: pod, by });
  }

  function orderWorker({ kind, worker, by }: WorkerCommand): boolean {
    if (kind === 'resume-pool') return false;
    const order = (to: string | undefined) => to !== undefined && links.order(to, { type: kind, worker, by });
    const pod = find(worker)?.pod;
    return kind === 'drain' ? order(worker) || order(pod) : order(pod);
  }

  function run(command: WorkerCommand): void {
    const { kind, worker, by } = command;
    let isPassed: boolean;
    if (kind === 'resume-pool') isPassed = keeper.resume(worker);
    else isPassed = isPod(worker) ? orderPod(command) : orderWorker(command);
    if (isPassed) log.info({ kind, worker, by }, 'An operator’s command was passed on');
    else log.warn({ kind, worker, by }, 'A command for somebody whom nobody here knows or reaches');
  }

  /** What the last leader passed on shows; a second drain would hasten the first. */
  function isHeeded({ kind, worker }: WorkerCommand): boolean {
    const state = find(worker)?.state ?? podState(worker);
    return state === 'dead' || (kind === 'drain' && state === 'draining');
  }

  return {
    take(command) {
      const { kind, worker } = command;
      if (kind !== 'resume-pool' && isPod(worker)) keeper.asked(worker);
      if (leads()) return run(command);
      const heardMs = clock.monotonicMs();
      unheeded = [...unheeded.filter((each) => heardMs - each.heardMs < keptMs), { command, heardMs }];
    },
    gain() {
      const atMs = clock.monotonicMs();
      for (const { command, heardMs } of unheeded.splice(0)) {
        if (atMs - heardMs < keptMs && !isHeeded(command)) run(command);
      }
    },
  };
}
