import { blockerOf, isItsTurn } from './order.ts';
import { change, news, type PodEnd, type PoolAction, type PoolTurn } from './pool-turn.ts';
import { newReplicas, withoutPod, withPod, withSize } from './replicas.ts';
import { isWanted, type PoolNode, type Tree, type TreeSettings } from './tree.ts';
import { diedTooOften, heal, isProven, isTrialDue, shut, tryOut } from './trial.ts';

/** What happened to pods that somebody else makes. */
export type ReplicaEvent =
  | { readonly type: 'pod-started'; readonly pod: string; readonly pool: string }
  | { readonly type: 'pod-ended'; readonly pod: string; readonly end: PodEnd }
  /** The size of a pool: pods that its controller is to keep, has, and that end as they start. */
  | {
      readonly type: 'sized';
      readonly pool: string;
      readonly wanted: number;
      readonly present: number;
      readonly crashing: number;
    }
  | { readonly type: 'resume'; readonly pool: string }
  | { readonly type: 'tick' };

export interface ReplicaSurroundings {
  readonly settings: TreeSettings;
  readonly nowMs: number;
}

export interface ReplicaStep {
  readonly tree: Tree;
  readonly actions: readonly PoolAction[];
}

interface Turn extends ReplicaSurroundings {
  readonly pools: readonly PoolTurn[];
}

/**
 * The supervision tree over pools whose pods are made by controllers of the cluster, as a pure fold. What is left of an OTP
 * supervisor there: it counts unplanned ends against the budget, ends the other pods as the strategy says (their
 * controller makes new ones), and gives up by opening the circuit. Nobody is kept from being started again by that: pods
 * that run meanwhile take no jobs, since their queues are paused, and are the trial when its time has come.
 */
export function keepReplicas(
  tree: Tree,
  event: ReplicaEvent,
  surroundings: ReplicaSurroundings,
): ReplicaStep {
  return turnReplicas(tree, surroundings, (turn) => {
    switch (event.type) {
      case 'pod-started':
        onPool(turn, event.pool, (pool) => started(pool, event.pod));
        return;
      case 'pod-ended':
        for (const pool of turn.pools) ended(turn, pool, event);
        return;
      case 'sized':
        onPool(turn, event.pool, (pool) => sized(turn, pool, event));
        return;
      case 'resume':
        onPool(turn, event.pool, resumed);
        return;
      case 'tick':
        return;
      default:
        event satisfies never;
    }
  });
}

/** Lets `act` happen to the pools, and then what follows from it. */
export function turnReplicas(
  tree: Tree,
  { settings, nowMs }: ReplicaSurroundings,
  act: (turn: Turn) => void,
): ReplicaStep {
  const actions: PoolAction[] = [];
  const newPodId = () => '';
  const pools = settings.pools.map((own): PoolTurn => {
    const node = tree.pools.find(({ name }) => name === own.name) ?? newReplicas(own);
    return { node, settings: own, trialMs: settings.trialMs, actions, nowMs, newPodId };
  });
  const turn = { pools, settings, nowMs };
  act(turn);
  for (const at of pools.keys()) regulate(turn, at);
  return { tree: { version: 1, pools: pools.map(({ node }) => node) }, actions };
}

function onPool({ pools }: Turn, name: string, act: (pool: PoolTurn) => void): void {
  const pool = pools.find(({ node }) => node.name === name);
  if (pool) act(pool);
}

function started(pool: PoolTurn, pod: string): void {
  change(pool, withPod(pool.node, pod));
  // The trial begins when there is somebody to be tried.
  if (pool.node.engine.mode === 'trial' && pool.node.provenAtMs === null) {
    change(pool, { provenAtMs: pool.nowMs + pool.trialMs });
  }
}

/** A normal end of a transient or temporary pod is no fault; its controller starts it again all the same. */
function isFault({ settings }: PoolTurn, end: PodEnd): boolean {
  if (end === 'replaced') return false;
  const { restart } = settings;
  return restart === 'permanent' || (restart === 'transient' && end === 'abnormal');
}

function ended(turn: Turn, pool: PoolTurn, { pod, end }: Extract<ReplicaEvent, { type: 'pod-ended' }>): void {
  const position = pool.node.engine.children.findIndex(({ id }) => id === pod);
  if (position === -1) return;
  const younger = pool.node.engine.children.slice(position + 1).map(({ id }) => id);
  change(pool, withoutPod(pool.node, pod));
  if (!isFault(pool, end)) return;
  const { engine } = pool.node;
  const { periodMs, intensity, strategy } = pool.settings.spec;
  const restarts = [...engine.restarts.filter((atMs) => pool.nowMs - atMs <= periodMs), pool.nowMs];
  change(pool, { engine: { ...engine, restarts } });
  if (engine.mode === 'escalated') return;
  if (engine.mode === 'trial' || restarts.length > intensity) {
    giveUp(turn, pool, faultOf(pool));
    return;
  }
  news(pool, 'restarted', `A pod of pool "${pool.node.name}" ended unasked; its controller starts it again.`);
  const others = pool.node.engine.children.map(({ id }) => id);
  const doomed = strategy === 'one_for_all' ? others : strategy === 'rest_for_one' ? younger : [];
  endPods(pool, doomed);
}

/** The last started first, as OTP ends children. What they leave is asked for: it costs no budget. */
function endPods(pool: PoolTurn, pods: readonly string[]): void {
  for (const pod of [...pods].reverse()) {
    pool.actions.push({ type: 'remove', pod, graceMs: pool.settings.graceMs });
  }
}

function faultOf({ node }: PoolTurn): string {
  return node.trouble === null ? diedTooOften(node) : `A pod of pool "${node.name}" ended in its trial.`;
}

function giveUp({ settings }: Turn, pool: PoolTurn, fault: string): void {
  change(pool, { engine: { ...pool.node.engine, mode: 'escalated' } });
  shut(pool, settings, fault, 'Its pods are');
}

function sized(
  turn: Turn,
  pool: PoolTurn,
  { wanted, present, crashing }: Extract<ReplicaEvent, { type: 'sized' }>,
) {
  change(pool, withSize(pool.node, pool.settings, wanted));
  // Its kubelet waits longer and longer before each try, so that no budget would ever be spent.
  const isHopeless = wanted > 0 && present > 0 && crashing === present;
  if (!isHopeless || pool.node.engine.mode === 'escalated') return;
  giveUp(turn, pool, `Every pod of pool "${pool.node.name}" ends as it starts.`);
}

function resumed(pool: PoolTurn): void {
  change(pool, { engine: { ...pool.node.engine, mode: 'running', restarts: [] } });
  heal(pool);
}

/** What follows from the pools as they stand: trials, their good ends, and who stands behind whom. */
function regulate(turn: Turn, at: number): void {
  const pool = turn.pools[at] as PoolTurn;
  const nodes = turn.pools.map(({ node }): PoolNode => node);
  tryAgain(turn, pool, isItsTurn(nodes, at, turn.settings.strategy));
  if (isProven(pool)) resumed(pool);
  halt(
    pool,
    blockerOf(
      turn.pools.map(({ node }) => node),
      at,
      turn.settings.strategy,
    ),
  );
  awaitFirst(pool);
}

/** The pods that run are the trial; where there is none yet, it waits for one. */
function tryAgain(turn: Turn, pool: PoolTurn, isTurn: boolean): void {
  if (!isTrialDue(pool, turn.settings) || !isTurn || pool.node.engine.children.length === 0) return;
  const begin = () =>
    change(pool, {
      engine: { ...pool.node.engine, mode: 'trial' },
      provenAtMs: turn.nowMs + turn.settings.trialMs,
    });
  tryOut(pool, begin, `The pods of pool "${pool.node.name}" are tried.`);
}

/** Behind a pool in trouble: its pods are ended once, and what is started instead finds its queues paused. */
function halt(pool: PoolTurn, blocker: PoolNode | null): void {
  const { engine, trouble, name } = pool.node;
  if (trouble !== null) return;
  if (blocker !== null && engine.mode !== 'stopped') {
    change(pool, { engine: { ...engine, mode: 'stopped' } });
    news(pool, 'halted', `Pool "${name}" waits for pool "${blocker.name}": its pods are ended.`);
    endPods(
      pool,
      engine.children.map(({ id }) => id),
    );
  } else if (blocker === null && engine.mode === 'stopped') {
    change(pool, { engine: { ...engine, mode: 'running' } });
    news(pool, 'started', `Pool "${name}" takes jobs.`);
  }
}

/** Starting is a pool that is to have pods, and has none yet. */
function awaitFirst(pool: PoolTurn): void {
  const { engine } = pool.node;
  if (engine.mode !== 'running' && engine.mode !== 'starting') return;
  const mode = isWanted(pool.node) && engine.children.length === 0 ? 'starting' : 'running';
  if (mode !== engine.mode) change(pool, { engine: { ...engine, mode } });
}
