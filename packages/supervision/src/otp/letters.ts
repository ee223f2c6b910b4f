import { countRestart, restartDelayMs } from './budget.ts';
import { type Letter, type SupervisorState, specOf } from './state.ts';
import { giveUp, put, setStatus, settle, startAll, statusOf, type Turn } from './turn.ts';

/** Whom a restart of that child concerns, in start order: itself and those that its strategy ties to it. */
function groupOf({ spec, children }: SupervisorState, id: string): readonly string[] {
  const ids = children.map((child) => child.id);
  if (spec.strategy === 'one_for_all') return ids;
  return spec.strategy === 'rest_for_one' ? ids.slice(ids.indexOf(id)) : [id];
}

/** Opens one letter; the supervisor has nothing else in hand. */
export function open(turn: Turn, { id, what }: Letter): void {
  const status = statusOf(turn, id);
  if (what === 'retry' || what === 'due') {
    // A restart of its group meanwhile has made good what was owed.
    if (status !== 'owed') return;
    if (what === 'retry') restart(turn, id);
    else put(turn, { starts: groupOf(turn.state, id), startsDueMs: turn.nowMs });
    return;
  }
  if (status !== 'fallen') return;
  if (what === 'replaced') {
    setStatus(turn, id, 'down');
    put(turn, { starts: [id], startsDueMs: turn.nowMs });
  } else if (turn.state.mode === 'trial') {
    openInTrial(turn, id, what);
  } else if (isRestarted(turn.state, id, what)) {
    restart(turn, id);
  } else {
    settle(turn, id);
  }
}

function isRestarted(
  state: SupervisorState,
  id: string,
  reason: 'normal' | 'shutdown' | 'abnormal',
): boolean {
  const { restart: type } = specOf(state, id);
  return type === 'permanent' || (type === 'transient' && reason === 'abnormal');
}

/** The trial failed, unless its child was done with its work: then it has shown what it was to show. */
function openInTrial(turn: Turn, id: string, reason: 'normal' | 'shutdown' | 'abnormal'): void {
  const isFault = reason === 'abnormal' || isRestarted(turn.state, id, reason);
  settle(turn, id);
  if (isFault) return giveUp(turn, 'intensity');
  startAll(turn);
  put(turn, { starts: turn.state.starts.filter((other) => other !== id) });
}

function restart(turn: Turn, id: string): void {
  const { restarts, isTooMany } = countRestart(turn.state, turn.nowMs);
  setStatus(turn, id, 'owed');
  put(turn, { restarts });
  if (isTooMany) return giveUp(turn, 'intensity');
  const group = groupOf(turn.state, id);
  put(turn, {
    stops: group.length > 1 ? group.filter((other) => other !== id).reverse() : [],
    starts: group,
    startsDueMs: turn.nowMs + restartDelayMs(restarts.length, turn.state.spec.backoff),
  });
}
