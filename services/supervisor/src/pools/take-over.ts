import { type Log, messageOf } from '@millrace/core';
import { unanswered } from '@millrace/supervision';
import { type TreeStep, type TreeSurroundings, turnTree } from './keep-pools.ts';
import { type PodEnd, type PoolTurn, podEnded, podStarted } from './pool-turn.ts';
import { readTree } from './read-tree.ts';
import { newPool, type PoolNode } from './tree.ts';

/** The pods as a new leader finds them. */
export interface Findings {
  /** All that live, whatever was heard of their ids before. */
  readonly pods: readonly { readonly id: string; readonly pool: string }[];
  /** How that pod ended, as far as we heard of it; null when we did not. */
  readonly endOf: (pod: string) => PodEnd | null;
}

/**
 * The tree that a leader goes on with: what the one before it saved, brought up to date with what lives now. A pool
 * whose settings have changed meanwhile begins anew, with the pods that live. An end that nobody heard of costs
 * nothing: it may have been the whole machine's.
 */
export function takeOver(saved: unknown, findings: Findings, surroundings: TreeSurroundings): TreeStep {
  const { pools } = readTree(saved) ?? { pools: [] };
  const inherited = surroundings.settings.pools.map((own): PoolNode => {
    const known = pools.find(({ name }) => name === own.name);
    const same = known && JSON.stringify(known.engine.spec) === JSON.stringify(own.spec);
    return same ? known : newPool(own);
  });
  return turnTree({ version: 1, pools: inherited }, surroundings, (turns, actions) => {
    for (const turn of turns) update(turn, findings);
    const names = new Set(turns.map(({ node }) => node.name));
    for (const { id, pool } of findings.pods) {
      if (!names.has(pool)) actions.push({ type: 'remove', pod: id, graceMs: 0 });
    }
  });
}

/** As `go`, but a saved tree on which it fails is let go: the next replica would fall over it as well. */
export function takeOverIfItFits(
  saved: unknown,
  findings: Findings,
  surroundings: TreeSurroundings,
  log: Log,
  go: typeof takeOver = takeOver,
): TreeStep {
  try {
    return go(saved, findings, surroundings);
  } catch (error) {
    log.error(
      { error: messageOf(error) },
      'The saved tree does not fit: the pools begin anew with what lives',
    );
    return go(null, findings, surroundings);
  }
}

function update(turn: PoolTurn, { pods, endOf }: Findings): void {
  const { name } = turn.node;
  const alive = pods.filter(({ pool }) => pool === name).map(({ id }) => id);
  const placed = new Set(Object.values(turn.node.pods));
  turn.node = { ...turn.node, spare: alive.filter((pod) => !placed.has(pod)) };
  for (const [child, pod] of Object.entries(turn.node.pods)) {
    const end = endOf(pod);
    const status = turn.node.engine.children.find(({ id }) => id === child)?.status;
    if (alive.includes(pod)) {
      if (status === 'starting') podStarted(turn, pod);
    } else if (end !== null || status !== 'starting') {
      podEnded(turn, pod, end ?? 'replaced');
    }
  }
  repeatOrders(turn, placed);
}

/** Nobody knows which orders of the leader before us were carried out; twice is as good as once. */
function repeatOrders(turn: PoolTurn, placed: ReadonlySet<string>): void {
  for (const action of unanswered(turn.node.engine)) {
    const pod = 'id' in action ? turn.node.pods[action.id] : undefined;
    if (pod === undefined || !placed.has(pod)) continue;
    if (action.type === 'start') turn.actions.push({ type: 'create', pod, pool: turn.node.name });
    if (action.type === 'kill') turn.actions.push({ type: 'kill', pod });
    if (action.type === 'stop') {
      turn.actions.push({ type: 'remove', pod, graceMs: action.timeoutMs ?? turn.settings.graceMs });
    }
  }
}
