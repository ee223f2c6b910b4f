import { randomBytes } from 'node:crypto';
import type { Clock, Config, Log, PodStatus } from '@millrace/core';
import type { ProcessExit } from '@millrace/supervision';
import type { Cluster, ClusterEvent, Pod } from '../cluster/cluster.ts';
import { nowMs } from '../now.ts';
import { keepPool, newPool, type PoolAction, type PoolEvent, type PoolState } from './pool.ts';

const TICK_MS = 50;

export interface PoolKeeperDependencies {
  readonly config: Pick<Config, 'pools' | 'supervision' | 'drain'>;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Log;
  readonly onRestart: () => void;
  readonly onPodExited: (pod: string, exit: ProcessExit) => void;
  /** Every pod that lives, at the start: of others that were known nothing is left. */
  readonly onListed: (pods: readonly Pod[]) => void;
  readonly onChange: () => void;
}

/** Keeps every pool at its size. */
export interface PoolKeeper {
  start(): Promise<void>;
  stop(): void;
  /** That pod was told to end: its end will be no fault of it. */
  toldToEnd(pod: string): void;
  /** Pods as the cluster knows them, and for each that is owed or given up one that is down. */
  pods(): readonly PodStatus[];
  /** Pools whose restart budget is spent. */
  spent(): readonly string[];
}

/** See {@link PoolKeeper}. A cluster that manages nothing is left alone. */
export function createPoolKeeper(dependencies: PoolKeeperDependencies): PoolKeeper {
  const { config, cluster, clock, log } = dependencies;
  const { intensity, periodMs } = config.supervision;
  const pools = new Map<string, PoolState>(
    Object.entries(config.pools).map(([name, { pods }]) => [name, newPool(name, pods)]),
  );
  const alive = new Map<string, Pod>();
  /** The last pod of each pool that ended unasked: what `down` stands for. */
  const fallen = new Map<string, Pod>();
  const leaving = new Set<string>();
  let timer: { cancel(): void } | undefined;

  function step(pool: PoolState, event: PoolEvent): void {
    const newPodId = () => `${pool.pool}-${randomBytes(4).toString('hex')}`;
    const { state, actions } = keepPool(pool, event, nowMs(clock), { intensity, periodMs }, newPodId);
    pools.set(pool.pool, state);
    for (const action of actions) perform(state, action);
    if (actions.length > 0) dependencies.onChange();
  }

  function perform(pool: PoolState, action: PoolAction): void {
    if (action.type === 'create') cluster.create(action.pod, pool.pool);
    if (action.type === 'remove') {
      leaving.add(action.pod);
      cluster.remove(action.pod, config.drain.timeoutMs);
    }
    if (action.type === 'give-up') {
      log.error(
        { pool: pool.pool, intensity, periodMs },
        `Pods of pool "${pool.pool}" died more than ${intensity} times in ${periodMs} ms. ` +
          'No more are started: find out why they die (their last log lines), then restart the supervisor.',
      );
    }
  }

  function onEvent(event: ClusterEvent): void {
    if (event.type === 'pod-started') {
      const { id, pool, pid, startedAtMs } = event;
      alive.set(id, { id, pool, pid, startedAtMs });
      fallen.delete(pool);
    } else {
      onExited(event);
    }
    dependencies.onChange();
  }

  function onExited({
    id,
    code,
    signal,
    atMs,
    expected,
  }: Extract<ClusterEvent, { type: 'pod-exited' }>): void {
    const pod = alive.get(id);
    alive.delete(id);
    const planned = leaving.delete(id) || expected;
    log[planned ? 'info' : 'warn']({ pod: id, code, signal, expected: planned }, 'A pod ended');
    dependencies.onPodExited(id, { code, signal, atMs, expected: planned });
    const pool = [...pools.values()].find(({ pods }) => pods.includes(id));
    if (!pool) return;
    if (!planned) fallen.set(pool.pool, pod ?? { id, pool: pool.pool, pid: 0, startedAtMs: atMs });
    step(pool, { type: 'exited', pod: id, expected: planned });
    if (!planned && !pools.get(pool.pool)?.spent) dependencies.onRestart();
  }

  function statusOf(pod: Pod, state: PodStatus['state']): PodStatus {
    const used = pools.get(pod.pool)?.restarts.length ?? 0;
    return { ...pod, host: '', state, restarts: { used, intensity, periodMs } };
  }

  return {
    async start() {
      if (!cluster.manages) return;
      cluster.listen(onEvent);
      await cluster.start();
      const pods = await cluster.list();
      for (const pod of pods) alive.set(pod.id, pod);
      dependencies.onListed(pods);
      for (const pool of [...pools.values()]) {
        const own = pods.filter((pod) => pod.pool === pool.pool).map(({ id }) => id);
        step(pool, { type: 'listed', pods: own });
      }
      timer = clock.every(TICK_MS, () => {
        for (const pool of [...pools.values()]) if (pool.owedMs.length > 0) step(pool, { type: 'tick' });
      });
    },
    stop() {
      timer?.cancel();
    },
    toldToEnd: (pod) => void leaving.add(pod),
    pods: () => [
      ...[...alive.values()].map((pod) => statusOf(pod, leaving.has(pod.id) ? 'draining' : 'starting')),
      ...[...fallen.values()].map((pod) => statusOf(pod, 'down')),
    ],
    spent: () => [...pools.values()].filter(({ spent }) => spent).map(({ pool }) => pool),
  };
}
