import { addRestart, type RestartLimits } from '@millrace/supervision';
import { EXIT } from '../ipc.ts';

/**
 * The pod supervisor's engine: `decide(state, event, now, settings) → (state, actions)`, pure.
 *
 * A pod is in one of these modes, and `enter…` below are the only doors between them:
 * - `starting`  not every slot has been filled yet; a refused start ends the pod at once
 * - `running`   every slot was filled once; an end is made good from the standbys
 * - `draining`  told to end: nothing is forked any more, the last child's end is the pod's, code 0
 * - `failed`    the restart budget is spent, or nothing can start: as draining, but code 1 (or 78)
 *
 * A child is in one of these:
 * - `starting`  forked, loading; has no slot
 * - `standby`   ready, waits for a slot
 * - `active`    holds a slot and takes jobs
 * - `leaving`   was told to end, its slot is vacant already: its exit is expected and costs no budget
 * - `fenced`    was declared dead elsewhere, its slot is vacant already: its exit costs no budget
 * - `condemned` an operator ordered its kill: its slot is vacant already; its exit costs no budget
 */
export type ChildMode = 'starting' | 'standby' | 'active' | 'leaving' | 'fenced' | 'condemned';

export interface Child {
  readonly id: string;
  readonly mode: ChildMode;
  /** The slot it holds, or held last: an exit report names it. */
  readonly slot: number | null;
}

export interface PodState {
  readonly mode: 'starting' | 'running' | 'draining' | 'failed';
  readonly children: readonly Child[];
  /** When the budget was used, ms; only those within the period count. */
  readonly restarts: readonly number[];
  readonly exitCode: number;
}

export interface PodSettings extends RestartLimits {
  readonly processes: number;
  readonly standby: number;
  readonly killFenced: boolean;
  readonly drain: { readonly timeoutMs: number; readonly noticeMs: number };
}

export type PodEvent =
  /** Forks what is missing; `refill-in` asked for it. */
  | { readonly type: 'start' | 'refill' }
  | { readonly type: 'forked'; readonly id: string }
  | { readonly type: 'ready'; readonly id: string }
  /** The child drains on its own. */
  | { readonly type: 'leaving'; readonly id: string }
  | { readonly type: 'exited'; readonly id: string; readonly code: number | null }
  /** Orders name a child; `drain` of the whole pod has no id and may be quicker than the settings say. */
  | { readonly type: 'drain-child' | 'kill-child' | 'fence-child'; readonly id: string }
  | { readonly type: 'drain'; readonly timeoutMs: number }
  /** The drain's time is over, with something to spare. */
  | { readonly type: 'deadline' };

export type PodAction =
  | { readonly type: 'activate'; readonly id: string; readonly slot: number }
  | { readonly type: 'fork'; readonly count: number }
  /** Come back with a `refill` event after `ms`. */
  | { readonly type: 'refill-in'; readonly ms: number }
  | { readonly type: 'drain'; readonly id: string; readonly timeoutMs: number; readonly noticeMs: number }
  | { readonly type: 'kill'; readonly id: string }
  /** Give the drain this long before `deadline`. */
  | { readonly type: 'await-deadline'; readonly ms: number }
  | { readonly type: 'end'; readonly code: number };

export interface Decision {
  readonly state: PodState;
  readonly actions: readonly PodAction[];
}

export const INITIAL_POD: PodState = { mode: 'starting', children: [], restarts: [], exitCode: 0 };

/** What a hand-back to the store may take after the drain's time; then children are killed. */
const HAND_BACK_MS = 4_000;

/** With every slot filled the next standby can wait until the orphans have been started. */
const CALM_MS = 100;

/** Children that hold a slot or may come to hold one. */
const serves = (child: Child) =>
  child.mode === 'starting' || child.mode === 'standby' || child.mode === 'active';

const isEnding = (state: PodState) => state.mode === 'draining' || state.mode === 'failed';

/** Decides what an event means. Events about children that are not known (any more) mean nothing. */
export function decide(state: PodState, event: PodEvent, nowMs: number, settings: PodSettings): Decision {
  if ('id' in event && event.type !== 'forked' && !state.children.some(({ id }) => id === event.id)) {
    return { state, actions: [] };
  }
  switch (event.type) {
    case 'start':
    case 'refill':
      return fork(state, settings);
    case 'forked':
      return {
        state: { ...state, children: [...state.children, { id: event.id, mode: 'starting', slot: null }] },
        actions: [],
      };
    case 'ready':
      return refill(setMode(state, event.id, 'standby', ['starting']), settings);
    case 'leaving':
      return refill(setMode(state, event.id, 'leaving', ['starting', 'standby', 'active']), settings);
    case 'drain-child':
      return withAction(
        refill(setMode(state, event.id, 'leaving', ['starting', 'standby', 'active']), settings),
        { type: 'drain', id: event.id, ...settings.drain },
      );
    case 'kill-child':
      return withAction(refill(setMode(state, event.id, 'condemned'), settings), {
        type: 'kill',
        id: event.id,
      });
    case 'fence-child': {
      const fenced = refill(setMode(state, event.id, 'fenced'), settings);
      return settings.killFenced ? withAction(fenced, { type: 'kill', id: event.id }) : fenced;
    }
    case 'exited':
      return onExit(state, event, nowMs, settings);
    case 'drain':
      return isEnding(state)
        ? hasten(state, event.timeoutMs)
        : enterEnding(state, 'draining', 0, event.timeoutMs, settings);
    case 'deadline':
      return { state, actions: state.children.map(({ id }) => ({ type: 'kill', id })) };
    default:
      return event satisfies never;
  }
}

function withAction({ state, actions }: Decision, action: PodAction): Decision {
  return { state, actions: [action, ...actions] };
}

function setMode(state: PodState, id: string, mode: ChildMode, from?: readonly ChildMode[]): PodState {
  const children = state.children.map((child) =>
    child.id === id && (from === undefined || from.includes(child.mode)) ? { ...child, mode } : child,
  );
  return { ...state, children };
}

/** An exit nobody asked for costs budget; whatever the exit, its place is made good unless the pod ends. */
function onExit(
  state: PodState,
  { id, code }: { readonly id: string; readonly code: number | null },
  nowMs: number,
  settings: PodSettings,
): Decision {
  const gone = state.children.find((child) => child.id === id);
  const left = { ...state, children: state.children.filter((child) => child.id !== id) };
  if (isEnding(left)) return endIfEmpty({ state: left, actions: [] });
  const isFault = gone !== undefined && serves(gone) && code !== EXIT.fenced;
  if (!isFault) return refill(left, settings);
  if (code === EXIT.refused && left.mode === 'starting') {
    return endIfEmpty(enterEnding(left, 'failed', EXIT.refused, settings.drain.noticeMs, settings));
  }
  const { restarts, verdict } = addRestart(left.restarts, nowMs, settings);
  const counted = { ...left, restarts };
  return verdict === 'within'
    ? refill(counted, settings)
    : endIfEmpty(enterEnding(counted, 'failed', 1, settings.drain.noticeMs, settings));
}

/**
 * Fills vacant slots from the standbys. What is then missing is forked later: a fork holds the pod supervisor for
 * milliseconds, in which the exit is to be told, and a standby's start takes the cpu that orphans need more.
 */
function refill(state: PodState, settings: PodSettings): Decision {
  if (isEnding(state)) return { state, actions: [] };
  const held = new Set(state.children.filter(({ mode }) => mode === 'active').map(({ slot }) => slot));
  const vacant = Array.from({ length: settings.processes }, (_, slot) => slot).filter((s) => !held.has(s));
  const actions: PodAction[] = [];
  const children = state.children.map((child): Child => {
    const slot = child.mode === 'standby' ? vacant.shift() : undefined;
    if (slot === undefined) return child;
    actions.push({ type: 'activate', id: child.id, slot });
    return { ...child, mode: 'active', slot };
  });
  const filled: PodState = { ...state, children, mode: vacant.length === 0 ? 'running' : state.mode };
  if (missing(filled, settings) > 0) actions.push({ type: 'refill-in', ms: vacant.length > 0 ? 0 : CALM_MS });
  return { state: filled, actions };
}

function missing(state: PodState, settings: PodSettings): number {
  return settings.processes + settings.standby - state.children.filter(serves).length;
}

function fork(state: PodState, settings: PodSettings): Decision {
  const count = isEnding(state) ? 0 : missing(state, settings);
  return { state, actions: count > 0 ? [{ type: 'fork', count }] : [] };
}

/** Cuts demand everywhere at once; the last child's end is the pod's. */
function enterEnding(
  state: PodState,
  mode: 'draining' | 'failed',
  exitCode: number,
  timeoutMs: number,
  settings: PodSettings,
): Decision {
  const noticeMs = Math.min(settings.drain.noticeMs, timeoutMs);
  const actions: PodAction[] = state.children.map(({ id, mode: childMode }) =>
    childMode === 'fenced' || childMode === 'condemned'
      ? { type: 'kill', id }
      : { type: 'drain', id, timeoutMs, noticeMs },
  );
  actions.push({ type: 'await-deadline', ms: timeoutMs + HAND_BACK_MS });
  const children = state.children.map(
    (child): Child => (serves(child) ? { ...child, mode: 'leaving' } : child),
  );
  return endIfEmpty({ state: { ...state, mode, exitCode, children }, actions });
}

/** A drain said again only shortens: what still runs is handed back after `timeoutMs`. */
function hasten(state: PodState, timeoutMs: number): Decision {
  const actions: PodAction[] = state.children.map(({ id }) => ({
    type: 'drain',
    id,
    timeoutMs,
    noticeMs: timeoutMs,
  }));
  return { state, actions: [...actions, { type: 'await-deadline', ms: timeoutMs + HAND_BACK_MS }] };
}

function endIfEmpty({ state, actions }: Decision): Decision {
  if (state.children.length > 0) return { state, actions };
  return {
    state,
    actions: [
      ...actions.filter(({ type }) => type !== 'await-deadline'),
      { type: 'end', code: state.exitCode },
    ],
  };
}
