import { LONGEST_OPEN_MS } from '@millrace/core';
import { newSupervisor } from '@millrace/supervision';
import { blockerOf, isDown, isItsTurn } from './order.ts';
import { change, news, type PoolTurn, tell } from './pool-turn.ts';
import { isWanted, type PoolNode, type TreeSettings } from './tree.ts';

export const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`;

/** All pools while something happens to one of them. */
export interface TreeTurn {
  readonly pools: readonly PoolTurn[];
  readonly settings: TreeSettings;
  readonly nowMs: number;
}

/** The rules, the strongest first; each looks at one pool and tells whether it changed anything. */
const RULES = [openCircuit, closeCircuit, halt, begin, tryAgain, prove] as const;

/** Holds the rules to all pools until none of them has anything to say. */
export function regulate(turn: TreeTurn): void {
  const once = () => turn.pools.some((_, at) => RULES.some((rule) => rule(turn, at)));
  while (once());
  for (const at of turn.pools.keys()) dismiss(turn, at);
}

const nodesOf = ({ pools }: TreeTurn): readonly PoolNode[] => pools.map(({ node }) => node);

function poolAt({ pools }: TreeTurn, at: number): PoolTurn {
  return pools[at] as PoolTurn;
}

/** How long a pool that gave up so often stays shut, ms. */
export function openDelayMs({ settings }: Pick<TreeTurn, 'settings'>, tries: number): number {
  return Math.min(LONGEST_OPEN_MS, settings.openMs * 2 ** Math.min(tries, 30));
}

/** A pool that gave up just now, or whose trial failed. */
function openCircuit(turn: TreeTurn, at: number): boolean {
  const pool = poolAt(turn, at);
  const { engine, trouble } = pool.node;
  const gaveUp = engine.mode === 'escalating' || engine.mode === 'escalated';
  if (!gaveUp || (trouble !== null && trouble.retryAtMs !== null)) return false;
  const tries = triesOf(turn, pool.node);
  const delayMs = openDelayMs(turn, tries);
  const reason = `${faultOf(pool.node)} One pod is tried again after ${seconds(delayMs)}.`;
  const sinceMs = trouble?.sinceMs ?? turn.nowMs;
  const retryAtMs = turn.nowMs + delayMs;
  change(pool, { trouble: { reason, sinceMs, retryAtMs, tries }, provenAtMs: null });
  news(pool, 'gave-up', reason);
  return true;
}

function faultOf({ name, engine, trouble }: PoolNode): string {
  const { intensity, periodMs } = engine.spec;
  if (trouble !== null) return `The trial pod of pool "${name}" died.`;
  if (engine.why === 'start-failed') return `A pod of pool "${name}" could not be started.`;
  return `Pods of pool "${name}" died more than ${intensity} times in ${seconds(periodMs)}.`;
}

/** A trial that fails doubles the wait, and so does a heal that did not last as long as the wait before it. */
export function triesOf(
  turn: Pick<TreeTurn, 'settings' | 'nowMs'>,
  { trouble, healed, engine }: PoolNode,
): number {
  if (trouble !== null) return trouble.tries + 1;
  if (healed === null) return 0;
  const lastedMs = turn.nowMs - healed.atMs;
  return lastedMs <= Math.max(engine.spec.periodMs, openDelayMs(turn, healed.tries)) ? healed.tries + 1 : 0;
}

/** Its trial was good, or an operator resumed it. */
function closeCircuit(turn: TreeTurn, at: number): boolean {
  const pool = poolAt(turn, at);
  const { engine, trouble, name } = pool.node;
  if (trouble === null || (engine.mode !== 'starting' && engine.mode !== 'running')) return false;
  change(pool, { trouble: null, provenAtMs: null, healed: { atMs: turn.nowMs, tries: trouble.tries } });
  news(pool, 'healed', `Pool "${name}" is whole again.`);
  return true;
}

/** Ends a pool that stands behind a troubled one, the last in order first. */
function halt(turn: TreeTurn, at: number): boolean {
  const pool = poolAt(turn, at);
  const blocker = blockerOf(nodesOf(turn), at, turn.settings.strategy);
  const { engine, trouble, name } = pool.node;
  if (blocker === null || trouble !== null) return false;
  if (engine.mode !== 'starting' && engine.mode !== 'running') return false;
  const isToEndFirst = (other: PoolTurn, index: number) =>
    index > at &&
    blockerOf(nodesOf(turn), index, turn.settings.strategy) !== null &&
    other.node.trouble === null &&
    ['starting', 'running', 'stopping'].includes(other.node.engine.mode);
  if (turn.pools.some(isToEndFirst)) return false;
  tell(pool, { type: 'stop' });
  news(pool, 'halted', `Pool "${name}" is ended: it waits for pool "${blocker.name}".`);
  return true;
}

/** Starts a pool from nothing: at the very start, or when what it stood behind is whole again. */
function begin(turn: TreeTurn, at: number): boolean {
  const pool = poolAt(turn, at);
  const { engine } = pool.node;
  if (!isWanted(pool.node) || (engine.mode !== 'idle' && engine.mode !== 'stopped')) return false;
  if (!isItsTurn(nodesOf(turn), at, turn.settings.strategy)) return false;
  change(pool, { engine: newSupervisor(pool.settings.spec), pods: {} });
  tell(pool, { type: 'start' });
  news(pool, 'started', `Pool "${pool.node.name}" is started.`);
  return true;
}

/** The half-open trial. A clock that was set back lengthens no wait beyond its longest. */
function tryAgain(turn: TreeTurn, at: number): boolean {
  const pool = poolAt(turn, at);
  const { engine, trouble, name } = pool.node;
  if (engine.mode !== 'escalated' || trouble === null || trouble.retryAtMs === null) return false;
  const dueMs = Math.min(trouble.retryAtMs, turn.nowMs + openDelayMs(turn, trouble.tries));
  if (dueMs !== trouble.retryAtMs) change(pool, { trouble: { ...trouble, retryAtMs: dueMs } });
  if (dueMs > turn.nowMs || !isItsTurn(nodesOf(turn), at, turn.settings.strategy)) return false;
  change(pool, { trouble: { ...trouble, retryAtMs: null } });
  tell(pool, { type: 'trial' });
  news(pool, 'trial', `One pod of pool "${name}" is tried.`);
  return true;
}

function prove(turn: TreeTurn, at: number): boolean {
  const pool = poolAt(turn, at);
  const { engine, provenAtMs } = pool.node;
  if (engine.mode !== 'trial' || provenAtMs === null) return false;
  // A clock that was set back makes nobody live longer before it is believed.
  const dueMs = Math.min(provenAtMs, turn.nowMs + turn.settings.trialMs);
  change(pool, { provenAtMs: dueMs });
  if (dueMs > turn.nowMs) return false;
  tell(pool, { type: 'proven' });
  return pool.node.engine.mode !== 'trial';
}

/** Ends pods in reserve that no child can come to need. */
function dismiss(turn: TreeTurn, at: number): void {
  const pool = poolAt(turn, at);
  const { engine, pods, spare } = pool.node;
  const free = engine.children.filter(({ id }) => pods[id] === undefined).length;
  const needed = isDown(nodesOf(turn), at, turn.settings.strategy) ? 0 : free;
  for (const pod of spare.slice(needed)) {
    pool.actions.push({ type: 'remove', pod, graceMs: pool.settings.graceMs });
  }
  if (spare.length > needed) change(pool, { spare: spare.slice(0, needed) });
}
