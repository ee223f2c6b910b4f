import { type Config, DRAIN_MARGINS, type RestartType, type Strategy } from '@millrace/core';
import { backoffFrom, newSupervisor, type SupervisorSpec, type SupervisorState } from '@millrace/supervision';

/** What one pool is told once. */
export interface PoolSettings {
  readonly name: string;
  /** Null serves every queue. */
  readonly queues: readonly string[] | null;
  readonly restart: RestartType;
  /** What a pod may take to end, ms. */
  readonly graceMs: number;
  readonly spec: SupervisorSpec;
}

/** What the tree is told once: the root's strategy stands over the pools, in their order. Times are ms. */
export interface TreeSettings {
  readonly strategy: Strategy;
  readonly openMs: number;
  readonly trialMs: number;
  readonly pools: readonly PoolSettings[];
}

/** A pool that gave up, and what is done about it. Times are ms since 1970. */
export interface Trouble {
  /** One sentence for a person. */
  readonly reason: string;
  readonly sinceMs: number;
  /** When one pod is tried; null while the trial is on. */
  readonly retryAtMs: number | null;
  /** How often it gave up in a row before this time. */
  readonly tries: number;
}

/** One pool and its pods. A pod's id is new at each start; a child is a place in the pool. */
export interface PoolNode {
  readonly name: string;
  readonly engine: SupervisorState;
  /** The pod of each child that has one. */
  readonly pods: Readonly<Record<string, string>>;
  /** Pods that run and belong to no child yet: taken before another is made. */
  readonly spare: readonly string[];
  readonly trouble: Trouble | null;
  /** When the trial's pod has lived long enough; null without one. */
  readonly provenAtMs: number | null;
  /** The last heal: who gives up again soon after it goes on where it was. */
  readonly healed: { readonly atMs: number; readonly tries: number } | null;
}

/** The supervision tree from the pools down to their pods, as plain JSON: a leader leaves it to the next. */
export interface Tree {
  readonly version: 1;
  /** In the order of the configuration. */
  readonly pools: readonly PoolNode[];
}

/** The tree's settings as the configuration says them. */
export function treeSettings(config: Pick<Config, 'pools' | 'supervision' | 'drain'>): TreeSettings {
  const { supervision, drain } = config;
  const pools = Object.entries(config.pools).map(([name, pool]): PoolSettings => {
    const graceMs = pool.shutdownMs ?? drain.timeoutMs + DRAIN_MARGINS.podEndMs;
    const child = { restart: pool.restart, shutdown: graceMs };
    return {
      name,
      queues: pool.queues ?? null,
      restart: pool.restart,
      graceMs,
      spec: {
        strategy: pool.strategy,
        intensity: pool.intensity ?? supervision.intensity,
        periodMs: pool.periodMs ?? supervision.periodMs,
        backoff: backoffFrom(supervision.backoffMs),
        children: Array.from({ length: pool.pods }, (_, at) => ({ id: `${name}/${at}`, ...child })),
      },
    };
  });
  const { strategy, openMs, trialMs } = supervision;
  return { strategy, openMs, trialMs, pools };
}

/** A pool of which nothing was started. */
export function newPool({ name, spec }: PoolSettings): PoolNode {
  return {
    name,
    engine: newSupervisor(spec),
    pods: {},
    spare: [],
    trouble: null,
    provenAtMs: null,
    healed: null,
  };
}

/** A tree of which nothing was started. */
export function newTree({ pools }: TreeSettings): Tree {
  return { version: 1, pools: pools.map(newPool) };
}

/** Whether anything is to run in it. */
export function isWanted({ engine }: PoolNode): boolean {
  return engine.spec.children.length > 0;
}
