import {
  type Clock,
  type Config,
  type Log,
  messageOf,
  type PodCapacity,
  type PodStatus,
  type PoolScaling,
  type QueueDemand,
  queuesOfPool,
  scalePool,
  slotsPerPod,
  type WorkerStatus,
} from '@millrace/core';
import type { Store } from '@millrace/queue';
import type { PodControllers, PoolSize } from '../cluster/pod-controllers.ts';
import { seenCapacity } from './capacity.ts';
import { type Looks, look, recentLoads } from './recent-loads.ts';
import { type PodLoad, type PoolAim, sparedPods } from './spared-pods.ts';

const PASS_MS = 1_000;

export interface KeepScalingDependencies {
  readonly config: Pick<Config, 'pools' | 'queues' | 'worker' | 'scaling'>;
  readonly store: Pick<Store, 'board' | 'queue' | 'connected'>;
  readonly controllers: PodControllers | null;
  readonly leads: () => boolean;
  readonly pods: () => readonly PodStatus[];
  readonly workers: () => readonly WorkerStatus[];
  /** Whether we know what that pod has to do. */
  readonly isHeard: (pod: string) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is desired of each pool, as the leader works it out every second. */
export interface KeepScaling {
  /** Goes on until `signal` aborts, with which it rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** As it was last published by us; empty while we do not lead. */
  current(): readonly PoolScaling[];
}

/**
 * See {@link KeepScaling}. The order matters: busy pods are spared before a lower number is published, since whoever reads
 * it scales in at once. Where they could not be spared the number stays as it was.
 */
export function createKeepScaling(dependencies: KeepScalingDependencies): KeepScaling {
  const { config, store, controllers, leads, clock, log } = dependencies;
  const pools = Object.keys(config.pools);
  const capacities = new Map<string, PodCapacity>();
  const services = new Map<string, number>();
  let published = new Map<string, PoolScaling>();
  let looks: Looks = new Map();

  async function demandsNow(): Promise<ReadonlyMap<string, QueueDemand>> {
    const names = await store.board.queueNames();
    const demands = await Promise.all(
      names.map((name) => store.queue(name).demand(config.scaling.backlogMs)),
    );
    return new Map(demands.map((demand) => [demand.queue, remembered(demand)]));
  }

  /** Completed jobs are kept for a while only; how long they took is not forgotten with them. */
  function remembered(demand: QueueDemand): QueueDemand {
    if (demand.serviceMs !== null) services.set(demand.queue, demand.serviceMs);
    return { ...demand, serviceMs: services.get(demand.queue) ?? null };
  }

  function scalingOf(pool: string, demands: ReadonlyMap<string, QueueDemand>): PoolScaling {
    const seen = seenCapacity(pool, dependencies.pods(), dependencies.workers());
    if (seen) capacities.set(pool, seen);
    const own = queuesOfPool(config.pools, pool, [...demands.keys()]);
    const rules = { ...config.scaling, slotsPerPod: slotsPerPod(config, pool, capacities.get(pool) ?? null) };
    const found = own.map((queue) => demands.get(queue)).filter((demand) => demand !== undefined);
    return scalePool(pool, found, rules, clock.nowMs());
  }

  function loads(): readonly PodLoad[] {
    const workers = dependencies.workers().filter(({ state }) => state !== 'dead');
    const heard = dependencies.pods().filter(({ id }) => dependencies.isHeard(id));
    const now = heard.map(({ id: pod, pool }) => {
      const busy = workers.reduce((sum, worker) => sum + (worker.pod === pod ? worker.busy : 0), 0);
      return { pod, pool, busy };
    });
    looks = look(looks, now, clock.monotonicMs());
    return recentLoads(looks, now);
  }

  const sizeOf = (pool: string): PoolSize =>
    controllers?.sizes().get(pool) ?? { wanted: 0, present: 0, crashing: 0, paused: false };

  /** A pool that is to be left alone should have what it has. */
  function held(scaling: PoolScaling): PoolScaling {
    const { paused, wanted } = sizeOf(scaling.pool);
    return paused ? { ...scaling, desired: wanted } : scaling;
  }

  /** Tells of a pool whether its number may fall. */
  async function spare(desired: ReadonlyMap<string, number>): Promise<(pool: string) => boolean> {
    if (controllers === null) return () => true;
    const aims = new Map<string, PoolAim>();
    for (const [pool, number] of desired) aims.set(pool, { desired: number, ...sizeOf(pool) });
    return controllers.spare(sparedPods(loads(), aims));
  }

  /** The numbers as they may be published by now. */
  async function settle(scalings: readonly PoolScaling[]): Promise<readonly PoolScaling[]> {
    const isSpared = await spare(new Map(scalings.map(({ pool, desired }) => [pool, desired])));
    return scalings.map((scaling) => {
      if (isSpared(scaling.pool)) return scaling;
      const before = published.get(scaling.pool)?.desired ?? sizeOf(scaling.pool).wanted;
      return { ...scaling, desired: Math.max(scaling.desired, before) };
    });
  }

  async function pass(): Promise<void> {
    if (!leads()) {
      published = new Map();
      return;
    }
    if (!store.connected) {
      // Nobody can be told a number, but the busy are spared all the same.
      await spare(new Map([...published].map(([pool, { desired }]) => [pool, desired])));
      return;
    }
    const demands = await demandsNow();
    const scalings = await settle(pools.map((pool) => held(scalingOf(pool, demands))));
    if (!leads()) return;
    await store.board.saveScaling(scalings);
    published = new Map(scalings.map((scaling) => [scaling.pool, scaling]));
  }

  return {
    async run(signal) {
      while (!signal.aborted) {
        await pass().catch((error) => {
          log.debug({ error: messageOf(error) }, 'What is desired of the pools was not worked out');
        });
        await clock.sleep(PASS_MS, signal);
      }
    },
    current: () => [...published.values()],
  };
}
