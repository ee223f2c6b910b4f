import {
  type Child,
  type Decision,
  isEnding,
  type PodAction,
  type PodSettings,
  type PodState,
  serves,
} from './pod-state.ts';

/** The next standby waits no longer than this for word that the orphans run again. */
const MOURNING_MS = 1_000;

/** Whoever holds a slot may leave orphans, and they need the cpu more than the next standby does. */
export function mourn(state: PodState, id: string, nowMs: number): PodState {
  const holdsSlot = state.children.some((child) => child.id === id && child.mode === 'active');
  if (!holdsSlot) return state;
  const mourned = state.mourned.filter(({ untilMs }) => untilMs > nowMs);
  return { ...state, mourned: [...mourned, { id, untilMs: nowMs + MOURNING_MS }] };
}

/**
 * Fills vacant slots from the standbys. What is then missing is forked later: a fork holds the pod supervisor for
 * milliseconds, in which the exit is to be told, and a standby's start takes the cpu that orphans need more.
 */
export function refill(state: PodState, nowMs: number, settings: PodSettings): Decision {
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
  const kept = dismiss(filled, settings);
  return {
    state: kept.state,
    actions: [...actions, ...kept.actions, ...forkLater(kept.state, nowMs, settings)],
  };
}

/** Standbys that are wanted: as many as configured, and one for each suspect that holds a slot. */
function wantedStandbys({ children, suspects }: PodState, { standby }: PodSettings): number {
  const doubtful = children.filter(({ id, mode }) => mode === 'active' && suspects.includes(id));
  return Math.max(standby, doubtful.length);
}

/** Ends the newest standbys that nobody wants any more: those warmed for a suspect that showed itself. */
function dismiss(state: PodState, settings: PodSettings): Decision {
  const excess = state.children.filter(serves).length - settings.processes - wantedStandbys(state, settings);
  const standbys = state.children.filter(({ mode }) => mode === 'standby').map(({ id }) => id);
  const dismissed = excess > 0 ? standbys.slice(-excess) : [];
  const children = state.children.map(
    (child): Child => (dismissed.includes(child.id) ? { ...child, mode: 'leaving' } : child),
  );
  const actions = dismissed.map((id) => ({ type: 'drain', id, ...settings.drain }) as const);
  return { state: { ...state, children }, actions };
}

/**
 * Processes that are missing, how many of them may be forked now, and ms until that may be more: those that a slot waits
 * for go before all others, and each that its own fault holds back waits for itself.
 */
function lacking(state: PodState, nowMs: number, settings: PodSettings) {
  const serving = state.children.filter(serves).length;
  const mourningMs = Math.max(0, ...state.mourned.map(({ untilMs }) => untilMs - nowMs));
  const pausesMs = state.pausesUntilMs.map((untilMs) => untilMs - nowMs).filter((ms) => ms > 0);
  const forSlots = settings.processes - serving;
  const forAll = settings.processes + wantedStandbys(state, settings) - serving;
  const now = Math.min(mourningMs === 0 ? forAll : forSlots, forAll - pausesMs.length);
  const waits = mourningMs === 0 ? pausesMs : [mourningMs, ...pausesMs];
  return { now, forAll, waitMs: Math.min(...waits) };
}

function forkLater(state: PodState, nowMs: number, settings: PodSettings): readonly PodAction[] {
  const { now, forAll, waitMs } = lacking(state, nowMs, settings);
  if (forAll <= 0) return [];
  return [{ type: 'refill-in', ms: now > 0 ? 0 : waitMs }];
}

export function fork(state: PodState, nowMs: number, settings: PodSettings): Decision {
  if (isEnding(state)) return { state, actions: [] };
  const { now, forAll, waitMs } = lacking(state, nowMs, settings);
  const actions: PodAction[] = [];
  if (now > 0) actions.push({ type: 'fork', count: now });
  if (forAll > Math.max(0, now)) actions.push({ type: 'refill-in', ms: waitMs });
  return { state, actions };
}
