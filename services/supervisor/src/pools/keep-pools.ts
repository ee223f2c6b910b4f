import { type PodEnd, type PoolAction, type PoolTurn, podEnded, podStarted, tell } from './pool-turn.ts';
import { regulate } from './regulate.ts';
import { newPool, type PoolSettings, type Tree, type TreeSettings } from './tree.ts';

/** What happened. Times are ms since 1970. */
export type TreeEvent =
  | { readonly type: 'pod-started'; readonly pod: string; readonly pool: string }
  | { readonly type: 'pod-ended'; readonly pod: string; readonly end: PodEnd }
  /** An operator looked after that pool: whole at once, and what was counted is forgotten. */
  | { readonly type: 'resume'; readonly pool: string }
  /** Time has passed; to be told often. */
  | { readonly type: 'tick' };

/** The tree as an event made it, and what is to be done, in this order. */
export interface TreeStep {
  readonly tree: Tree;
  readonly actions: readonly PoolAction[];
}

/** What the fold needs beside the event. */
export interface TreeSurroundings {
  readonly settings: TreeSettings;
  readonly nowMs: number;
  /** A name that no pod ever had. */
  readonly newPodId: (pool: string) => string;
}

/** Lets `act` happen to the pools, and then what follows from it. */
export function turnTree(
  tree: Tree,
  { settings, nowMs, newPodId }: TreeSurroundings,
  act: (pools: readonly PoolTurn[], actions: PoolAction[]) => void,
): TreeStep {
  const actions: PoolAction[] = [];
  const pools = settings.pools.map((own: PoolSettings): PoolTurn => {
    const node = tree.pools.find(({ name }) => name === own.name) ?? newPool(own);
    return { node, settings: own, trialMs: settings.trialMs, actions, nowMs, newPodId };
  });
  act(pools, actions);
  regulate({ pools, settings, nowMs });
  return { tree: { version: 1, pools: pools.map(({ node }) => node) }, actions };
}

/**
 * The supervision tree as a pure fold. Each pool is an OTP supervisor over its pods. One that spends its budget gives
 * up: its pods are ended, and after a while one pod is tried (half-open), which makes the pool whole by living long
 * enough. The strategy over the pools says who else is ended by it, and waits until it is whole.
 */
export function keepPools(tree: Tree, event: TreeEvent, surroundings: TreeSurroundings): TreeStep {
  return turnTree(tree, surroundings, (pools, actions) => {
    switch (event.type) {
      case 'pod-started': {
        const pool = pools.find(({ node }) => node.name === event.pool);
        if (pool) podStarted(pool, event.pod);
        else actions.push({ type: 'remove', pod: event.pod, graceMs: 0 });
        return;
      }
      case 'pod-ended':
        for (const pool of pools) podEnded(pool, event.pod, event.end);
        return;
      case 'resume': {
        const pool = pools.find(({ node }) => node.name === event.pool);
        if (pool) tell(pool, { type: 'resume' });
        return;
      }
      case 'tick':
        for (const pool of pools) if (pool.node.engine.waiting.length > 0) tell(pool, { type: 'tick' });
        return;
      default:
        event satisfies never;
    }
  });
}

/** Whether a step is worth to be saved and told. */
export function isChanged(before: Tree, { tree, actions }: TreeStep): boolean {
  return actions.length > 0 || tree.pools.some((pool, at) => pool !== before.pools[at]);
}
