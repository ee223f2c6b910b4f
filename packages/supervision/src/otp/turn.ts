import { type ChildStatus, type SupervisorMode, type SupervisorState, specOf } from './state.ts';
import type { SupervisorAction } from './types.ts';

/** One event being handled: the state as it becomes, and what is to be done. */
export interface Turn {
  state: SupervisorState;
  readonly actions: SupervisorAction[];
  readonly nowMs: number;
}

export function put(turn: Turn, change: Partial<SupervisorState>): void {
  turn.state = { ...turn.state, ...change };
}

/** Null for a child that is not supervised (any more). */
export function statusOf({ state }: Turn, id: string): ChildStatus | null {
  return state.children.find((child) => child.id === id)?.status ?? null;
}

export function setStatus(turn: Turn, id: string, status: ChildStatus): void {
  const children = turn.state.children.map((child) => (child.id === id ? { id, status } : child));
  put(turn, { children });
}

/**
 * Nothing of it is to come any more: a temporary child is forgotten, any other keeps its place. As in OTP its exit is
 * taken out of the mailbox, but a retry stays: it means nothing, unless the child is owed a start again by then.
 */
export function settle(turn: Turn, id: string): void {
  const { children, mailbox, waiting } = turn.state;
  put(turn, {
    mailbox: mailbox.filter((letter) => letter.id !== id || letter.what === 'retry'),
    waiting: waiting.filter((entry) => entry.id !== id),
  });
  if (specOf(turn.state, id).restart !== 'temporary') setStatus(turn, id, 'down');
  else put(turn, { children: children.filter((child) => child.id !== id) });
}

/** Puts all work aside and ends every child, last first. */
export function endAll(turn: Turn, mode: SupervisorMode): void {
  const stops = turn.state.children.map(({ id }) => id).reverse();
  put(turn, { mode, stops, starts: [], waiting: [] });
}

/** Gives up; the `escalate` follows when every child has ended. */
export function giveUp(turn: Turn, why: SupervisorState['why']): void {
  put(turn, { why });
  endAll(turn, 'escalating');
}

/** Starts every child of the spec that does not run, with a clean budget; what is being ended, ends first. */
export function startAll(turn: Turn): void {
  const { spec, children } = turn.state;
  put(turn, {
    mode: 'starting',
    children: spec.children.map(
      ({ id }) => children.find((child) => child.id === id) ?? { id, status: 'down' },
    ),
    restarts: [],
    starts: spec.children.map(({ id }) => id),
    startsDueMs: turn.nowMs,
    waiting: [],
  });
}

/** Asks to come back when the first backoff is over. */
export function wake(turn: Turn): void {
  const { waiting } = turn.state;
  if (waiting.length === 0) return;
  turn.actions.push({ type: 'wake', atMs: Math.min(...waiting.map(({ dueMs }) => dueMs)) });
}

/** How that child is told to end. */
export function endOrder({ spec }: Pick<SupervisorState, 'spec'>, id: string): SupervisorAction {
  const { shutdown } = specOf({ spec }, id);
  if (shutdown === 'brutal_kill') return { type: 'kill', id };
  return { type: 'stop', id, timeoutMs: shutdown === 'infinity' ? null : shutdown };
}
