import { addRestart, type RestartLimits, recentRestarts, restartDelayMs } from '@millrace/supervision';

/** One pool of pods and what its restarts have cost so far. Times are ms since 1970. */
export interface PoolState {
  readonly pool: string;
  readonly desired: number;
  readonly pods: readonly string[];
  /** When each pod that is still owed is due. */
  readonly owedMs: readonly number[];
  readonly restarts: readonly number[];
  /** More restarts than the intensity within the period: no more are made until a person looks. */
  readonly spent: boolean;
}

export type PoolEvent =
  /** The pods that live, as the cluster lists them. */
  | { readonly type: 'listed'; readonly pods: readonly string[] }
  | { readonly type: 'exited'; readonly pod: string; readonly expected: boolean }
  | { readonly type: 'tick' };

export type PoolAction =
  | { readonly type: 'create'; readonly pod: string }
  | { readonly type: 'remove'; readonly pod: string }
  /** The budget is spent. Emitted once. */
  | { readonly type: 'give-up' };

export interface PoolStep {
  readonly state: PoolState;
  readonly actions: readonly PoolAction[];
}

/** A pool of which nothing is known yet. */
export function newPool(pool: string, desired: number): PoolState {
  return { pool, desired, pods: [], owedMs: [], restarts: [], spent: false };
}

function onListed(state: PoolState, listed: readonly string[], nowMs: number): PoolStep {
  const pods = listed.slice(0, state.desired);
  const missing = Math.max(0, state.desired - pods.length);
  return {
    // What is missing at the start was never started: that is no restart.
    state: { ...state, pods, owedMs: Array.from({ length: missing }, () => nowMs) },
    actions: listed.slice(state.desired).map((pod) => ({ type: 'remove', pod })),
  };
}

function onExited(
  state: PoolState,
  { pod, expected }: Extract<PoolEvent, { type: 'exited' }>,
  nowMs: number,
  limits: RestartLimits,
): PoolStep {
  if (!state.pods.includes(pod)) return { state, actions: [] };
  const left = { ...state, pods: state.pods.filter((id) => id !== pod) };
  if (left.spent || left.pods.length + left.owedMs.length >= left.desired)
    return { state: left, actions: [] };
  if (expected) return { state: { ...left, owedMs: [...left.owedMs, nowMs] }, actions: [] };
  const { verdict, restarts } = addRestart(left.restarts, nowMs, limits);
  if (verdict === 'exhausted') {
    return { state: { ...left, restarts, owedMs: [], spent: true }, actions: [{ type: 'give-up' }] };
  }
  const dueMs = nowMs + restartDelayMs(restarts.length);
  return { state: { ...left, restarts, owedMs: [...left.owedMs, dueMs] }, actions: [] };
}

function createDue(state: PoolState, nowMs: number, periodMs: number, newPodId: () => string): PoolStep {
  const due = state.owedMs.filter((atMs) => atMs <= nowMs);
  const created = due.map(newPodId);
  return {
    state: {
      ...state,
      pods: [...state.pods, ...created],
      owedMs: state.owedMs.filter((atMs) => atMs > nowMs),
      restarts: state.spent ? state.restarts : recentRestarts(state.restarts, nowMs, periodMs),
    },
    actions: created.map((pod) => ({ type: 'create', pod })),
  };
}

/**
 * Keeps a pool at its desired number of pods, within the restart budget, with backoff in front of it.
 * A pod that was told to end is replaced at no cost.
 */
export function keepPool(
  state: PoolState,
  event: PoolEvent,
  nowMs: number,
  limits: RestartLimits,
  newPodId: () => string,
): PoolStep {
  let step: PoolStep = { state, actions: [] };
  if (event.type === 'listed') step = onListed(state, event.pods, nowMs);
  if (event.type === 'exited') step = onExited(state, event, nowMs, limits);
  const due = createDue(step.state, nowMs, limits.periodMs, newPodId);
  return { state: due.state, actions: [...step.actions, ...due.actions] };
}
