import { compileConfig } from '@millrace/core';
import { circuits } from './circuits.ts';
import { keepPools, type TreeEvent, type TreeStep } from './keep-pools.ts';
import { poolStatuses } from './pool-status.ts';
import type { PodEnd, PoolAction } from './pool-turn.ts';
import { type Findings, takeOver } from './take-over.ts';
import { newTree, type Tree, treeSettings } from './tree.ts';

export const NAMES = ['mail', 'video'];

/** A cluster of the imagination that does what the tree says: for tests of the fold. Time stands unless it is let pass. */
export function imaginedCluster(yaml: string) {
  const settings = treeSettings(compileConfig({}, yaml));
  let tree: Tree = newTree(settings);
  let nowMs = 1_000_000;
  let made = 0;
  /** Pods that live, by pool; those that were told to end are in `ending`. */
  const alive = new Map<string, string>();
  const ending = new Set<string>();
  const waiting: TreeEvent[] = [];
  const log: string[] = [];
  const surroundings = () => ({ settings, nowMs, newPodId: (pool: string) => `${pool}-${made++}` });

  function obey(action: PoolAction): void {
    switch (action.type) {
      case 'create':
        if (alive.has(action.pod)) return;
        alive.set(action.pod, action.pool);
        log.push(`create ${action.pool}`);
        waiting.push({ type: 'pod-started', pod: action.pod, pool: action.pool });
        return;
      case 'remove':
      case 'kill':
        log.push(`${action.type} ${action.pod.replace(/-\d+$/, '')}`);
        ending.add(action.pod);
        return;
      case 'news':
        log.push(`${action.what} ${action.pool}`);
        return;
      default:
        action satisfies never;
    }
  }

  function take(step: TreeStep): void {
    tree = step.tree;
    for (const action of step.actions) obey(action);
  }

  function tell(event: TreeEvent): void {
    take(keepPools(tree, event, surroundings()));
  }

  /** Answers every order, until there is none left. */
  function settle(): void {
    for (;;) {
      const next = waiting.shift();
      const [end] = ending;
      if (next) {
        tell(next);
      } else if (end !== undefined) {
        ending.delete(end);
        if (alive.delete(end)) tell({ type: 'pod-ended', pod: end, end: 'replaced' });
      } else {
        return;
      }
    }
  }

  const cluster = {
    log,
    get tree() {
      return tree;
    },
    get nowMs() {
      return nowMs;
    },
    alive,
    settle,
    tell,
    podsOf: (pool: string) => [...alive].filter(([, of]) => of === pool).map(([pod]) => pod),
    /** What was done since the last call. */
    done: () => log.splice(0),
    start() {
      take(takeOver(null, { pods: [], endOf: () => null }, surroundings()));
      settle();
    },
    /** The oldest pod of the pool ends. */
    end(pool: string, end: PodEnd = 'abnormal') {
      const [pod] = cluster.podsOf(pool);
      if (pod === undefined) return;
      alive.delete(pod);
      // Nobody tells of a pod's start after its end.
      waiting.splice(0, waiting.length, ...waiting.filter((event) => !('pod' in event && event.pod === pod)));
      tell({ type: 'pod-ended', pod, end });
    },
    die(pool: string) {
      cluster.end(pool);
      settle();
    },
    /** A pod of the pool dies whenever there is one, until the pool has given up. */
    ruin(pool: string) {
      for (let round = 0; round < 50 && cluster.state(pool) !== 'open'; round++) {
        cluster.pass(50);
        cluster.die(pool);
      }
    },
    pass(ms: number, stepMs = 50) {
      for (let passed = 0; passed < ms; passed += stepMs) {
        nowMs += stepMs;
        tell({ type: 'tick' });
        settle();
      }
    },
    /** Another leader takes what was saved; `unheard` pods ended while nobody looked. */
    takeOver(
      unheard: readonly string[] = [],
      ends: Readonly<Record<string, PodEnd>> = {},
      saved: unknown = tree,
      /** They live in spite of the end that was heard. */
      again: readonly string[] = [],
    ) {
      const gone = [...unheard, ...Object.keys(ends)].filter((pod) => !again.includes(pod));
      for (const pod of gone) alive.delete(pod);
      waiting.length = 0;
      const findings: Findings = {
        pods: [...alive].map(([id, pool]) => ({ id, pool })),
        endOf: (pod) => ends[pod] ?? null,
      };
      take(takeOver(JSON.parse(JSON.stringify(saved)), findings, surroundings()));
    },
    jump(ms: number) {
      nowMs += ms;
    },
    status: () => poolStatuses(tree, settings, NAMES, nowMs),
    state: (pool: string) => cluster.status().find(({ name }) => name === pool)?.state,
    states: () => cluster.status().map(({ name, state, pods }) => `${name} ${state} ${pods}`),
    circuits: () => circuits(tree, settings, NAMES),
    /** Queues whose circuit is open. */
    openQueues: () =>
      [...cluster.circuits()].filter(([, circuit]) => circuit !== null).map(([queue]) => queue),
  };
  return cluster;
}
