import { randomBytes } from 'node:crypto';
import type { Clock, Config, Log, PodStatus, PoolStatus, Timer } from '@millrace/core';
import type { Store } from '@millrace/queue';
import { type ProcessExit, restartsUsed } from '@millrace/supervision';
import type { Cluster, ClusterEvent, PodExit } from '../cluster/cluster.ts';
import type { PoolSize } from '../cluster/pod-controllers.ts';
import { nowMs } from '../now.ts';
import { createCircuitBreaker } from './circuit-breaker.ts';
import { circuits } from './circuits.ts';
import { isChanged, type TreeStep } from './keep-pools.ts';
import { createPodRegister } from './pod-register.ts';
import { type PoolEvent, poolFold } from './pool-fold.ts';
import { hungNote, tellPeople } from './pool-notes.ts';
import { poolStatuses } from './pool-status.ts';
import type { PoolAction } from './pool-turn.ts';
import { type Tree, treeSettings } from './tree.ts';
import { createTreeStore } from './tree-store.ts';

const TICK_MS = 50;
/** How long a circuit may stand in the store that is not what the tree says. */
const ASSERT_MS = 5_000;
/** An order may take this much longer than what it allows, before an end is no longer put down to it. */
const ORDER_MARGIN_MS = 30_000;

export interface PoolKeeperDependencies {
  readonly config: Pick<Config, 'pools' | 'supervision' | 'drain'>;
  readonly id: string;
  readonly cluster: Cluster;
  readonly store: Pick<Store, 'board' | 'supervision' | 'connected'>;
  /** Whether we may act at this very moment. */
  readonly leads: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** Pods that hang at this moment. */
  readonly hungPods: () => readonly string[];
  readonly onRestart: () => void;
  readonly onPodExited: (pod: string, exit: ProcessExit) => void;
  /** From now on it is known which pods live. */
  readonly onListed: () => void;
  readonly onChange: () => void;
}

/**
 * Keeps every pool at its size, and the circuits of those that gave up. Every replica has one and hears of all pods;
 * only the leader's acts. A cluster that manages nothing is left alone.
 */
export interface PoolKeeper {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** We lead from now on: takes over what the last leader left. */
  gain(): void;
  lose(): void;
  /** Somebody wants the end of that pod: it will be no fault of it. */
  asked(pod: string): void;
  /** Asks that pod to drain; false when it is none that the cluster runs. */
  drain(pod: string): boolean;
  /** Kills that pod; false when it is none that the cluster runs. */
  kill(pod: string): boolean;
  /** That pod hangs: it is killed and counts as dead. While nobody leads, it is for the next leader to find. */
  hung(pod: string): void;
  /** Makes the pool whole; false when there is none of that name. */
  resume(pool: string): boolean;
  pods(): readonly PodStatus[];
  /** Whether that pod lives, by the cluster's word. */
  knows(pod: string): boolean;
  /** The pods that live at this moment; null until the cluster has told, and where it manages none. */
  living(): readonly string[] | null;
  /** Empty while nobody has ever led. */
  pools(): readonly PoolStatus[];
}

/** See {@link PoolKeeper}. */
export function createPoolKeeper(dependencies: PoolKeeperDependencies): PoolKeeper {
  const { config, id, cluster, store, leads, clock, log } = dependencies;
  const { controllers } = cluster;
  const fold = poolFold(controllers !== null);
  const settings = treeSettings(config);
  const register = createPodRegister(() => !store.connected);
  const breaker = createCircuitBreaker({ store, leads, clock, log });
  const trees = createTreeStore({ board: store.board, supervisor: id, leads, clock, log });
  /** The tree that we act on; null while we do not lead, or do not know yet what there is. */
  let tree: Tree | null = null;
  /** Pools to be resumed as soon as there is one. */
  const resumes = new Set<string>();
  let term = 0;
  let isListed = false;
  const timers: Timer[] = [];

  const now = () => nowMs(clock);
  const graceMs = (pool: string | undefined) =>
    settings.pools.find(({ name }) => name === pool)?.graceMs ?? config.drain.timeoutMs;
  const surroundings = () => ({
    ...{ settings, nowMs: now() },
    newPodId: (pool: string) => `${pool}-${randomBytes(4).toString('hex')}`,
  });

  function happen(event: PoolEvent): void {
    if (tree === null || !leads()) return;
    const step = fold.step(tree, event, surroundings());
    if (isChanged(tree, step)) take(step);
  }

  function take(step: TreeStep, write: typeof breaker.want = breaker.want): void {
    tree = step.tree;
    // Before the pods that give up are ended, so that nothing more is added for them.
    write(circuits(step.tree, settings, trees.queueNames()));
    trees.save(step.tree);
    for (const action of step.actions) perform(action);
    dependencies.onChange();
  }

  /** A level, not an edge: whatever stands in the store, and whoever wrote it, it becomes what the tree says. */
  function assertCircuits(): void {
    if (tree !== null && leads()) breaker.assert(circuits(tree, settings, trees.queueNames()));
  }

  /** Asked each time: an order may have taken so long that the lease is over. */
  function perform(action: PoolAction): void {
    if (!leads()) return;
    switch (action.type) {
      case 'create':
        cluster.create(action.pod, action.pool);
        return;
      case 'remove':
        register.asked(action.pod, now() + action.graceMs + ORDER_MARGIN_MS);
        cluster.remove(action.pod, action.graceMs);
        return;
      case 'kill':
        register.asked(action.pod, now() + ORDER_MARGIN_MS);
        cluster.kill(action.pod);
        return;
      case 'news':
        tellPeople(action, { log, controllers, onRestart: dependencies.onRestart });
        return;
      default:
        action satisfies never;
    }
  }

  function resize(): void {
    for (const [pool, size] of controllers?.sizes() ?? new Map<string, PoolSize>()) {
      happen({ type: 'sized', pool, ...size });
    }
  }

  async function takeOverFrom(saved: unknown, inTerm: number): Promise<void> {
    const pods = await register.learn(() => cluster.list());
    if (inTerm !== term || !leads()) return;
    const step = fold.takeOver(saved, { pods, endOf: register.endOf }, surroundings(), log);
    take(step, breaker.assert);
    resize();
    for (const pool of resumes) happen({ type: 'resume', pool });
    resumes.clear();
    for (const pod of dependencies.hungPods()) killHung(pod);
  }

  function killHung(pod: string): void {
    if (!register.isAlive(pod)) return;
    log.warn({ pod }, 'A pod supervisor hangs: the pod is killed and replaced');
    cluster.kill(pod, () => dependencies.hungPods().includes(pod));
    controllers?.tell(hungNote(pod));
  }

  function onEvent(event: ClusterEvent): void {
    if (event.type === 'pod-started') {
      register.started(event);
      happen({ type: 'pod-started', pod: event.id, pool: event.pool });
    } else if (event.type === 'pod-left') {
      register.left(event.id);
      happen({ type: 'pod-ended', pod: event.id, end: 'replaced' });
    } else {
      onExited(event);
    }
    dependencies.onChange();
  }

  function onExited({ id: pod, ...exit }: PodExit): void {
    const { code, signal, detail } = exit;
    const end = register.exited({ id: pod, ...exit }, now());
    log[end === 'replaced' ? 'info' : 'warn']({ pod, code, signal, end, detail }, 'A pod ended');
    dependencies.onPodExited(pod, { ...exit, byCluster: controllers !== null });
    happen({ type: 'pod-ended', pod, end });
  }

  function restartsOf(pool: string): PodStatus['restarts'] {
    const engine = (tree ?? trees.followed())?.pools.find(({ name }) => name === pool)?.engine;
    const { intensity, periodMs } = engine?.spec ?? config.supervision;
    return { used: engine ? restartsUsed(engine, now()) : 0, intensity, periodMs };
  }

  return {
    async start() {
      if (!cluster.manages) return;
      cluster.listen(onEvent);
      controllers?.onSizes(resize);
      await cluster.start();
      await register.learn(() => cluster.list());
      isListed = true;
      dependencies.onListed();
      trees.follow(() => tree && breaker.want(circuits(tree, settings, trees.queueNames())));
      timers.push(clock.every(TICK_MS, () => happen({ type: 'tick' })));
      timers.push(clock.every(ASSERT_MS, assertCircuits));
    },
    async stop() {
      for (const timer of timers.splice(0)) timer.cancel();
      await Promise.all([breaker.stop(), trees.stop()]);
    },
    gain() {
      if (!cluster.manages) return;
      term += 1;
      const inTerm = term;
      trees.read().then(
        (saved) => takeOverFrom(saved, inTerm),
        () => undefined,
      );
    },
    lose() {
      term += 1;
      tree = null;
      resumes.clear();
    },
    asked: (pod) => register.asked(pod, now() + graceMs(undefined) + ORDER_MARGIN_MS),
    drain(pod) {
      const found = register.alive().find((each) => each.id === pod);
      if (!cluster.manages || !found) return false;
      perform({ type: 'remove', pod, graceMs: graceMs(found.pool) });
      return true;
    },
    kill(pod) {
      if (!cluster.manages || !register.isAlive(pod)) return false;
      perform({ type: 'kill', pod });
      return true;
    },
    hung(pod) {
      if (tree !== null && leads()) killHung(pod);
    },
    resume(pool) {
      if (!cluster.manages || !settings.pools.some(({ name }) => name === pool)) return false;
      if (tree === null) resumes.add(pool);
      else happen({ type: 'resume', pool });
      assertCircuits();
      return true;
    },
    pods: () => register.statuses(restartsOf, now()),
    knows: register.isAlive,
    // Where controllers make pods, one that is missing may live on a node that nobody reaches.
    living: () => (isListed && controllers === null ? register.alive().map((pod) => pod.id) : null),
    pools() {
      const shown = tree ?? trees.followed();
      return cluster.manages && shown ? poolStatuses(shown, settings, trees.queueNames(), now()) : [];
    },
  };
}
