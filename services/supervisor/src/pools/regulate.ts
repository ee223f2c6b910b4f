import { newSupervisor } from '@millrace/supervision';
import { blockerOf, isDown, isItsTurn } from './order.ts';
import { change, news, type PoolTurn, tell } from './pool-turn.ts';
import { isWanted, type PoolNode, type TreeSettings } from './tree.ts';
import { diedTooOften, heal, isProven, isTrialDue, shut, tryOut } from './trial.ts';

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

/** A pool that gave up just now, or whose trial failed. */
function openCircuit(turn: TreeTurn, at: number): boolean {
  const pool = poolAt(turn, at);
  const { engine, trouble } = pool.node;
  const gaveUp = engine.mode === 'escalating' || engine.mode === 'escalated';
  if (!gaveUp || (trouble !== null && trouble.retryAtMs !== null)) return false;
  shut(pool, turn.settings, faultOf(pool.node), 'One pod is');
  return true;
}

function faultOf(node: PoolNode): string {
  const { name, engine, trouble } = node;
  if (trouble !== null) return `The trial pod of pool "${name}" died.`;
  if (engine.why === 'start-failed') return `A pod of pool "${name}" could not be started.`;
  return diedTooOften(node);
}

/** Its trial was good, or an operator resumed it. */
function closeCircuit(turn: TreeTurn, at: number): boolean {
  const pool = poolAt(turn, at);
  const { engine, trouble } = pool.node;
  if (trouble === null || (engine.mode !== 'starting' && engine.mode !== 'running')) return false;
  heal(pool);
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

/** The half-open trial. */
function tryAgain(turn: TreeTurn, at: number): boolean {
  const pool = poolAt(turn, at);
  if (!isTrialDue(pool, turn.settings) || !isItsTurn(nodesOf(turn), at, turn.settings.strategy)) return false;
  tryOut(pool, () => tell(pool, { type: 'trial' }), `One pod of pool "${pool.node.name}" is tried.`);
  return true;
}

function prove(turn: TreeTurn, at: number): boolean {
  const pool = poolAt(turn, at);
  if (!isProven(pool)) return false;
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
