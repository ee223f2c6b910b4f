import { advance } from './advance.ts';
import { withoutFuture } from './budget.ts';
import type { Letter, SupervisorState } from './state.ts';
import { endAll, giveUp, put, setStatus, settle, startAll, statusOf, type Turn, wake } from './turn.ts';
import type { SupervisorAction, SupervisorEvent } from './types.ts';

/** What an event made of the state, and what is to be done, in this order. */
export interface SupervisorStep {
  readonly state: SupervisorState;
  readonly actions: readonly SupervisorAction[];
}

/**
 * OTP's supervisor as a pure fold: what an event means, and what is to be done. It does one thing at a time, as
 * OTP's does: while a child is being ended or started every other end waits in the mailbox, uncounted. A caller
 * whose starts take long and concern nobody else answers `started` as soon as the start is accepted.
 *
 * The caller owes an answer to every `start` (`started` or `start-failed`), `stop` and `kill` (`exited`), and a
 * `tick` to every `wake`; early, late or repeated ticks do no harm. Times are ms of one clock, which may jump.
 */
export function supervise(state: SupervisorState, event: SupervisorEvent, nowMs: number): SupervisorStep {
  const turn: Turn = { state: withoutFuture(state, nowMs), actions: [], nowMs };
  take(turn, event);
  advance(turn);
  return { state: turn.state, actions: turn.actions };
}

function take(turn: Turn, event: SupervisorEvent): void {
  const { mode, starts } = turn.state;
  switch (event.type) {
    case 'start':
      if (mode === 'idle') startAll(turn);
      break;
    case 'started':
      if (statusOf(turn, event.id) === 'starting') setStatus(turn, event.id, 'running');
      break;
    case 'start-failed':
      onStartFailed(turn, event.id);
      break;
    case 'exited':
      onEnd(turn, event.id, event.reason);
      break;
    case 'replaced':
      onEnd(turn, event.id, 'replaced');
      break;
    case 'tick':
      onTick(turn);
      break;
    case 'trial':
      if (mode === 'escalated') onTrial(turn);
      break;
    case 'proven':
      if (mode === 'trial' && starts.length === 0) startAll(turn);
      break;
    case 'resume':
      onResume(turn);
      break;
    case 'stop':
      if (mode !== 'stopped') endAll(turn, 'stopping');
      break;
    default:
      event satisfies never;
  }
}

function onEnd(turn: Turn, id: string, what: Letter['what']): void {
  const status = statusOf(turn, id);
  if (status === 'stopping') {
    settle(turn, id);
  } else if (status === 'starting') {
    // Whoever ends before it ran has failed to start, unless somebody wanted its end: then it is started again.
    if (what === 'replaced') setStatus(turn, id, 'down');
    else onStartFailed(turn, id);
  } else if (status === 'running') {
    setStatus(turn, id, 'fallen');
    put(turn, { mailbox: [...turn.state.mailbox, { id, what }] });
  }
}

/** Only a restart is tried again, behind what waits already; a first start that fails is an escalation. */
function onStartFailed(turn: Turn, id: string): void {
  const status = statusOf(turn, id);
  if (status !== 'starting' && status !== 'stopping') return;
  const { mode, mailbox } = turn.state;
  if (status === 'stopping' || mode === 'stopping') {
    settle(turn, id);
  } else if (mode === 'running') {
    setStatus(turn, id, 'owed');
    put(turn, { starts: [], mailbox: [...mailbox, { id, what: 'retry' }] });
  } else {
    setStatus(turn, id, 'down');
    giveUp(turn, 'start-failed');
  }
}

/** A clock that was set back makes nobody wait longer than a backoff can be. */
function onTick(turn: Turn): void {
  const { waiting, mailbox, spec } = turn.state;
  const latestMs = turn.nowMs + (spec.backoff?.maxMs ?? 0);
  const clamped = waiting.map(({ id, dueMs }) => ({ id, dueMs: Math.min(dueMs, latestMs) }));
  const due = clamped.filter(({ dueMs }) => dueMs <= turn.nowMs);
  const later = clamped.filter(({ dueMs }) => dueMs > turn.nowMs);
  put(turn, {
    waiting: later,
    mailbox: [...mailbox, ...due.map(({ id }): Letter => ({ id, what: 'due' }))],
  });
  wake(turn);
}

function onTrial(turn: Turn): void {
  startAll(turn);
  const { starts } = turn.state;
  put(turn, starts.length === 0 ? {} : { mode: 'trial', starts: starts.slice(0, 1) });
}

/**
 * Somebody looked after it: whole at once, and what was counted is forgotten. Temporary and transient children that are
 * done stay so beside others that run; where all of them are, a resume can only mean to start them anew.
 */
function onResume(turn: Turn): void {
  const { mode, children, waiting, mailbox } = turn.state;
  const areDone = waiting.length === 0 && children.every(({ status }) => status === 'down');
  if (mode === 'running' && areDone) {
    startAll(turn);
  } else if (mode === 'running') {
    const due = waiting.map(({ id }): Letter => ({ id, what: 'due' }));
    put(turn, { restarts: [], waiting: [], mailbox: [...mailbox, ...due] });
  } else if (mode === 'starting') {
    put(turn, { restarts: [] });
  } else if (mode === 'escalating' || mode === 'escalated' || mode === 'trial') {
    startAll(turn);
  }
}
