import { DRAIN_MARGINS } from '@millrace/core';
import { EXIT } from '../ipc.ts';
import {
  type Child,
  type ChildMode,
  type Decision,
  isEnding,
  type PodAction,
  type PodEvent,
  type PodSettings,
  type PodState,
  SERVING,
  serves,
} from './pod-state.ts';
import { failed, forkDelayMs } from './positions.ts';
import { fork, mourn, refill } from './supply.ts';

/**
 * What a pod supervisor does: a pure fold over what happens to its processes. Which of them stands where is decided
 * here, when the next is forked in supply.ts, and when all is given up is OTP's supervisor to say (positions.ts).
 * Events about children that are not known (any more) mean nothing; only `recovered` speaks of the dead.
 */
export function decide(state: PodState, event: PodEvent, nowMs: number, settings: PodSettings): Decision {
  if (event.type === 'recovered') return onRecovered(state, event.id, nowMs, settings);
  if ('id' in event && event.type !== 'forked' && !state.children.some(({ id }) => id === event.id)) {
    return { state, actions: [] };
  }
  switch (event.type) {
    case 'start':
    case 'refill':
      return fork(state, nowMs, settings);
    case 'forked':
      return {
        state: { ...state, children: [...state.children, { id: event.id, mode: 'starting', slot: null }] },
        actions: [],
      };
    case 'ready':
      return refill(setMode(state, event.id, 'standby', ['starting']), nowMs, settings);
    case 'leaving':
      return refill(setMode(state, event.id, 'leaving', SERVING), nowMs, settings);
    case 'drain-child':
      return withAction(refill(setMode(state, event.id, 'leaving', SERVING), nowMs, settings), {
        type: 'drain',
        id: event.id,
        ...settings.drain,
      });
    case 'kill-child': {
      const condemned = setMode(mourn(state, event.id, nowMs), event.id, 'condemned');
      return withAction(refill(condemned, nowMs, settings), { type: 'kill', id: event.id });
    }
    case 'fenced':
    case 'fence-child': {
      const fenced = setMode(mourn(state, event.id, nowMs), event.id, 'fenced');
      const decision = refill(fenced, nowMs, settings);
      const isToBeKilled = event.type === 'fence-child' && settings.killFenced;
      return isToBeKilled ? withAction(decision, { type: 'kill', id: event.id }) : decision;
    }
    case 'warm': {
      const others = state.suspects.filter((id) => id !== event.id);
      return refill({ ...state, suspects: [...others, event.id] }, nowMs, settings);
    }
    case 'calm':
      return refill(without(state, event.id), nowMs, settings);
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

/** Suspected no more, or not there any more. */
function without(state: PodState, suspect: string): PodState {
  return { ...state, suspects: state.suspects.filter((id) => id !== suspect) };
}

/** An exit nobody asked for costs budget; whatever the exit, its place is made good unless the pod ends. */
function onExit(
  state: PodState,
  { id, code }: { readonly id: string; readonly code: number | null },
  nowMs: number,
  settings: PodSettings,
): Decision {
  const gone = state.children.find((child) => child.id === id);
  const mourning = without(mourn(state, id, nowMs), id);
  const left = { ...mourning, children: state.children.filter((child) => child.id !== id) };
  if (isEnding(left)) return endIfEmpty({ state: left, actions: [] });
  if (gone === undefined || !serves(gone)) return refill(left, nowMs, settings);
  const { noticeMs } = settings.drain;
  if (code === EXIT.refused && gone.mode === 'starting' && left.mode === 'starting') {
    return enterEnding(left, 'failed', EXIT.refused, noticeMs, settings);
  }
  const positions = failed(left.positions, gone.slot ?? 'supply', nowMs);
  const pausesUntilMs = [...left.pausesUntilMs, nowMs + forkDelayMs(positions, nowMs, settings)];
  const counted = { ...left, positions, pausesUntilMs: pausesUntilMs.filter((untilMs) => untilMs > nowMs) };
  if (positions.mode === 'escalated') return enterEnding(counted, 'failed', 1, noticeMs, settings);
  return refill(counted, nowMs, settings);
}

function onRecovered(state: PodState, id: string, nowMs: number, settings: PodSettings): Decision {
  const mourned = state.mourned.filter((one) => one.id !== id);
  if (mourned.length === state.mourned.length) return { state, actions: [] };
  return refill({ ...state, mourned }, nowMs, settings);
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
  actions.push({ type: 'await-deadline', ms: timeoutMs + DRAIN_MARGINS.processEndMs });
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
  return {
    state,
    actions: [...actions, { type: 'await-deadline', ms: timeoutMs + DRAIN_MARGINS.processEndMs }],
  };
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
