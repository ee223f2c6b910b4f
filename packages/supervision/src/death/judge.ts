import { certificateOf, type Proof } from './certificate.ts';
import { arrived, noArrivals, resumed } from './phi.ts';
import { excuse, heardAt, isRelayed, isVouchedFor, judgeSilence, reported, vouchedFor } from './silence.ts';
import type { DeathLimits, Judgement, StartAction, StartEvent, StartIdentity, StartState } from './start.ts';

/** A start that nothing is known of yet but its name; the event that named it is judged next. */
export function newStart(start: StartIdentity, nowMs: number): StartState {
  return {
    ...start,
    phase: 'alive',
    met: false,
    vouched: false,
    linked: false,
    lastHeardMs: nowMs,
    silentSinceMs: nowMs,
    stillSinceMs: nowMs,
    excusedMs: 0,
    arrivals: noArrivals(nowMs),
    parent: null,
    parentGone: false,
    warmed: false,
    busy: false,
    linkClosedMs: nowMs,
    storeGoneMs: null,
    disownedMs: null,
    saidBye: false,
  };
}

const still = (state: StartState): Judgement => ({ state, actions: [] });

function certify(state: StartState, proof: Proof, nowMs: number): Judgement {
  const certificate = certificateOf(state, proof, nowMs);
  return {
    state: { ...state, phase: 'dead' },
    actions: [{ type: 'certify', certificate }],
  };
}

/** A sign of life: whatever was suspected is off, unless its fence is already being written. */
function revive(state: StartState): Judgement {
  if (state.phase !== 'suspect') return still(state);
  return {
    state: { ...state, phase: 'alive', warmed: false },
    actions: [{ type: 'unsuspect', id: state.id }],
  };
}

function suspect(state: StartState): Judgement {
  if (state.phase !== 'alive') return still(state);
  return { state: { ...state, phase: 'suspect' }, actions: [{ type: 'suspect', id: state.id }] };
}

/** Link and store both without it, each for `confirmMs`, the second proved by a look that began after that. */
function onStoreLook(
  state: StartState,
  event: Extract<StartEvent, { type: 'store-look' }>,
  nowMs: number,
  limits: DeathLimits,
): Judgement {
  if (event.connections > 0) return still({ ...state, storeGoneMs: null });
  const { linkClosedMs } = state;
  // A look that set out before the link closed saw the time before.
  if (linkClosedMs === null || event.askedMs < linkClosedMs) return still(state);
  if (state.storeGoneMs === null) return still({ ...state, storeGoneMs: nowMs });
  // One that we never met may not have dialled us yet: its redial may take longer than a lost link's.
  const absenceMs = state.met ? limits.confirmMs : limits.hangLimitMs;
  const confirmed =
    event.askedMs - linkClosedMs >= absenceMs && event.askedMs - state.storeGoneMs >= limits.confirmMs;
  // Sockets that are reset over and over are missing at any two looks: whose parent hears it is not dead.
  return confirmed && !isVouchedFor(state, nowMs, limits)
    ? certify(state, { by: 'absence' }, nowMs)
    : still(state);
}

function onTick(state: StartState, nowMs: number, limits: DeathLimits): Judgement {
  if (state.phase === 'fencing') return still(state);
  if (state.disownedMs !== null && !state.linked && nowMs - state.disownedMs >= limits.confirmMs) {
    const exit = { code: null, signal: null, atMs: state.disownedMs, expected: false };
    const detail = 'its parent does not list it';
    return certify(state, { by: 'parent', kind: 'process-exit', exit: { ...exit, detail } }, nowMs);
  }
  // Silence accuses only one who could have been heard: we may be new here, and it on its way.
  if (!state.met && !state.vouched) return still(state);
  const verdict = judgeSilence(state, nowMs, limits);
  if (verdict === 'alive') return still(state);
  if (verdict === 'late') return onLate(state, nowMs, limits);
  const actions: StartAction[] = [{ type: 'fence', id: state.id }];
  return { state: { ...state, phase: 'fencing', busy: verdict === 'hung-busy' }, actions };
}

/**
 * Suspected, and after `suspectMs` worth a replacement: a start costs more CPU time than a beat that is only late
 * should. Who has no slot needs none.
 */
function onLate(before: StartState, nowMs: number, { suspectMs }: DeathLimits): Judgement {
  const { state, actions } = suspect(before);
  const isDue = nowMs - state.silentSinceMs >= suspectMs && state.slot !== null && !state.warmed;
  if (!isDue) return { state, actions };
  return { state: { ...state, warmed: true }, actions: [...actions, { type: 'warm', id: state.id }] };
}

function onHello(state: StartState, start: StartIdentity, nowMs: number): Judgement {
  return revive({
    ...heardAt(state, nowMs),
    ...start,
    met: true,
    linked: true,
    arrivals: resumed(state.arrivals, nowMs),
    linkClosedMs: null,
    storeGoneMs: null,
    disownedMs: null,
    saidBye: false,
  });
}

function onHeard(
  state: StartState,
  { slot = state.slot, loopDelayMs = 0 }: Extract<StartEvent, { type: 'heard' }>,
  nowMs: number,
): Judgement {
  if (!state.linked) return still(state);
  const arrivals = arrived(state.arrivals, nowMs, loopDelayMs);
  return revive({ ...heardAt(state, nowMs), arrivals, slot });
}

function onReported(
  before: StartState,
  event: Extract<StartEvent, { type: 'reported' }>,
  nowMs: number,
  limits: DeathLimits,
): Judgement {
  const state = reported(before, event, nowMs, limits);
  return isRelayed(state, nowMs, limits) ? revive(state) : still(state);
}

/**
 * Judges one start by one event: the only place where a worker's death is decided.
 *
 * Dead is: its parent reaped it (or disowns it, and its link is down) · its pod ended · its link closed *and* its
 * connections are gone from the store, both for `confirmMs`, with no new hello and no parent that hears it · silent to
 * us and its parent and without work past the hang limit, or at work past the busy limit, and fenced. A closed
 * link, a missing connection or a slow beat alone only makes it suspect.
 */
export function judge(state: StartState, event: StartEvent, nowMs: number, limits: DeathLimits): Judgement {
  if (state.phase === 'dead') {
    const speaks = event.type === 'hello' || event.type === 'heard';
    return { state, actions: speaks ? [{ type: 'refuse', id: state.id }] : [] };
  }
  switch (event.type) {
    case 'hello':
      return onHello(state, event.start, nowMs);
    case 'heard':
      return onHeard(state, event, nowMs);
    case 'reported':
      return onReported(state, event, nowMs, limits);
    case 'parent-lost':
      return still({ ...state, parent: null, parentGone: true });
    case 'bye':
      return still({ ...state, saidBye: true });
    case 'link-closed': {
      const closed = { ...state, linked: false, linkClosedMs: state.linkClosedMs ?? nowMs };
      return state.saidBye ? still(closed) : suspect(closed);
    }
    case 'store-look':
      return onStoreLook(state, event, nowMs, limits);
    case 'store-lost':
      return still({ ...state, storeGoneMs: null });
    case 'process-exit':
    case 'pod-exit':
      return certify(state, { by: 'parent', kind: event.type, exit: event }, nowMs);
    case 'listed':
      return still(vouchedFor(state, nowMs));
    case 'disowned':
      return still(state.linked ? state : { ...state, disownedMs: state.disownedMs ?? nowMs });
    case 'fence-written':
      return state.phase === 'fencing' ? certify(state, { by: 'silence' }, nowMs) : still(state);
    case 'fence-failed':
      return still(state.phase === 'fencing' ? { ...state, phase: 'suspect' } : state);
    case 'slept':
      return still(slept(state, event.ms, nowMs));
    case 'tick':
      return onTick(state, nowMs, limits);
    default:
      return event satisfies never;
  }
}

function slept(state: StartState, ms: number, nowMs: number): StartState {
  return {
    ...excuse(state, ms, nowMs),
    arrivals: resumed(state.arrivals, nowMs),
    parent: state.parent && { ...state.parent, toldMs: nowMs },
    linkClosedMs: state.linkClosedMs === null ? null : nowMs,
    storeGoneMs: null,
    disownedMs: null,
  };
}
