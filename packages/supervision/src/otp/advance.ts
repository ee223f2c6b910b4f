import { open } from './letters.ts';
import { endOrder, put, setStatus, settle, statusOf, type Turn, wake } from './turn.ts';

/** Goes on with the work in hand, and with the mailbox after it, until something has to be waited for. */
export function advance(turn: Turn): void {
  for (;;) {
    const { stops, starts, mailbox, mode } = turn.state;
    const [letter] = mailbox;
    if (stops.length > 0) {
      if (endNext(turn) === 'under-way') return;
    } else if (mode === 'escalating') {
      put(turn, { mode: 'escalated' });
      turn.actions.push({ type: 'escalate', why: turn.state.why });
    } else if (mode === 'stopping') {
      put(turn, { mode: 'stopped' });
      turn.actions.push({ type: 'stopped' });
    } else if (starts.length > 0) {
      if (startNext(turn) === 'under-way') return;
    } else if (mode === 'starting') {
      put(turn, { mode: 'running' });
      turn.actions.push({ type: 'running' });
    } else if (letter) {
      put(turn, { mailbox: mailbox.slice(1) });
      open(turn, letter);
    } else {
      return;
    }
  }
}

/** A child that is dead already needs no order, and its end is no news: it was to end. */
function endNext(turn: Turn): 'done' | 'under-way' {
  const [id = ''] = turn.state.stops;
  const status = statusOf(turn, id);
  if (status === 'stopping') return 'under-way';
  if (status === 'running' || status === 'starting') {
    setStatus(turn, id, 'stopping');
    turn.actions.push(endOrder(turn.state, id));
    return 'under-way';
  }
  if (status !== null) settle(turn, id);
  put(turn, { stops: turn.state.stops.slice(1) });
  return 'done';
}

function startNext(turn: Turn): 'done' | 'under-way' {
  const { starts, startsDueMs } = turn.state;
  if (startsDueMs > turn.nowMs) return standBack(turn);
  const [id = ''] = starts;
  const status = statusOf(turn, id);
  if (status === 'starting') return 'under-way';
  if (status === 'down' || status === 'owed') {
    setStatus(turn, id, 'starting');
    turn.actions.push({ type: 'start', id });
    return 'under-way';
  }
  put(turn, { starts: starts.slice(1) });
  return 'done';
}

/**
 * A backoff holds up only the children that it is about: the others are looked after meanwhile.
 * Ending siblings took time, in which a clock may have been set back: no wait is longer than a backoff can be.
 */
function standBack(turn: Turn): 'done' {
  const { starts, startsDueMs, waiting, spec } = turn.state;
  const dueMs = Math.min(startsDueMs, turn.nowMs + (spec.backoff?.maxMs ?? 0));
  const owed = starts.filter((id) => statusOf(turn, id) === 'owed').map((id) => ({ id, dueMs }));
  put(turn, { starts: [], waiting: [...waiting, ...owed] });
  wake(turn);
  return 'done';
}
