import {
  type ExitReason,
  type SupervisorAction,
  type SupervisorEvent,
  supervise,
} from '@millrace/supervision';
import type { PoolNode, PoolSettings } from './tree.ts';

/** What is to be done, in this order. */
export type PoolAction =
  | { readonly type: 'create'; readonly pod: string; readonly pool: string }
  /** Ask it to end, and kill it after `graceMs`. */
  | { readonly type: 'remove'; readonly pod: string; readonly graceMs: number }
  | { readonly type: 'kill'; readonly pod: string }
  /** For people and metrics; nothing is to be done. */
  | {
      readonly type: 'news';
      readonly pool: string;
      readonly what: 'restarted' | 'gave-up' | 'trial' | 'healed' | 'halted' | 'started';
      readonly text: string;
    };

/** How a pod ended; `replaced` when somebody wanted it, or when it was weather: nothing is counted. */
export type PodEnd = ExitReason | 'replaced';

/** One pool while something happens to it: as it becomes, and what is to be done. */
export interface PoolTurn {
  node: PoolNode;
  readonly settings: PoolSettings;
  readonly trialMs: number;
  readonly actions: PoolAction[];
  readonly nowMs: number;
  readonly newPodId: (pool: string) => string;
}

export function change(turn: PoolTurn, part: Partial<PoolNode>): void {
  turn.node = { ...turn.node, ...part };
}

export function news(
  turn: PoolTurn,
  what: Extract<PoolAction, { type: 'news' }>['what'],
  text: string,
): void {
  turn.actions.push({ type: 'news', pool: turn.node.name, what, text });
}

/** Restarts that an event brought; the one that was too many is none. */
function newRestarts(before: PoolNode, after: PoolNode, nowMs: number): number {
  const { restarts, spec } = before.engine;
  const kept = restarts.filter((atMs) => nowMs - Math.min(atMs, nowMs) <= spec.periodMs).length;
  const tooMany = after.engine.mode === 'escalating' || after.engine.mode === 'escalated' ? 1 : 0;
  return Math.max(0, after.engine.restarts.length - kept - tooMany);
}

/** Tells the pool's engine what happened and does what it says. */
export function tell(turn: PoolTurn, event: SupervisorEvent): void {
  const before = turn.node;
  const { state, actions } = supervise(before.engine, event, turn.nowMs);
  change(turn, { engine: state });
  for (let count = newRestarts(before, turn.node, turn.nowMs); count > 0; count--) {
    news(turn, 'restarted', `A pod of pool "${before.name}" is started again.`);
  }
  for (const action of actions) obey(turn, action);
}

/** Escalations and the end of a stop show in the engine's mode; waking up is the caller's tick. */
function obey(turn: PoolTurn, action: SupervisorAction): void {
  if (action.type === 'start') startPod(turn, action.id);
  if (action.type === 'stop' || action.type === 'kill') endPod(turn, action);
}

function startPod(turn: PoolTurn, child: string): void {
  const { name, pods, spare } = turn.node;
  const [found] = spare;
  const pod = found ?? turn.newPodId(name);
  change(turn, { pods: { ...pods, [child]: pod }, spare: spare.slice(1) });
  if (found !== undefined) podStarted(turn, found);
  else turn.actions.push({ type: 'create', pod, pool: name });
}

function endPod(turn: PoolTurn, action: Extract<SupervisorAction, { type: 'stop' | 'kill' }>): void {
  const pod = turn.node.pods[action.id];
  if (pod === undefined) return;
  if (action.type === 'kill') turn.actions.push({ type: 'kill', pod });
  else turn.actions.push({ type: 'remove', pod, graceMs: action.timeoutMs ?? turn.settings.graceMs });
}

/** The child whose pod that is; undefined for one that is none of ours. */
export function childOf({ pods }: PoolNode, pod: string): string | undefined {
  return Object.keys(pods).find((child) => pods[child] === pod);
}

/** A pod runs. One that no child asked for is kept in reserve. */
export function podStarted(turn: PoolTurn, pod: string): void {
  const child = childOf(turn.node, pod);
  if (child === undefined) {
    if (!turn.node.spare.includes(pod)) change(turn, { spare: [...turn.node.spare, pod] });
    return;
  }
  if (turn.node.engine.mode === 'trial') change(turn, { provenAtMs: turn.nowMs + turn.trialMs });
  tell(turn, { type: 'started', id: child });
}

/** A pod ended. */
export function podEnded(turn: PoolTurn, pod: string, end: PodEnd): void {
  const child = childOf(turn.node, pod);
  if (child === undefined) {
    change(turn, { spare: turn.node.spare.filter((other) => other !== pod) });
    return;
  }
  const { [child]: _ended, ...pods } = turn.node.pods;
  change(turn, { pods, ...(turn.node.engine.mode === 'trial' ? { provenAtMs: null } : {}) });
  if (end === 'replaced') tell(turn, { type: 'replaced', id: child });
  else tell(turn, { type: 'exited', id: child, reason: end });
}
