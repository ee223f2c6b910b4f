import { countRestart, restartDelayMs } from './budget.ts';
import { type Letter, type SupervisorState, specOf } from './state.ts';
import { giveUp, put, setStatus, settle, startAll, statusOf, type Turn } from './turn.ts';

/** Whom a restart of that child concerns, in start order: itself and those that its strategy ties to it. */
function groupOf({ spec, children }: SupervisorState, id: string): readonly string[] {
  const ids = children.map((child) => child.id);
  if (spec.strategy === 'one_for_all') return ids;
  return spec.strategy === 'rest_for_one' ? ids.slice(ids.indexOf(id)) : [id];
}

/** Opens one letter; the supervisor has nothing else in hand. What its child has outlived meanwhile means nothing. */
export function open(turn: Turn, { id, what }: Letter): void {
  const isOwed = what === 'retry' || what === 'due';
  if (statusOf(turn, id) !== (isOwed ? 'owed' : 'fallen')) return;
  if (what === 'retry') restart(turn, id);
  else if (what === 'due') startNow(turn, groupOf(turn.state, id));
  else if (what === 'replaced') replace(turn, id);
  else if (turn.state.mode === 'trial') endTrial(turn, id, what);
  else if (isRestarted(turn.state, id, what)) restart(turn, id);
  else settle(turn, id);
}

function startNow(turn: Turn, starts: readonly string[]): void {
  put(turn, { starts, startsDueMs: turn.nowMs });
}

/** Whatever the strategy: nothing is wrong, so nobody else is touched. */
function replace(turn: Turn, id: string): void {
  setStatus(turn, id, 'down');
  startNow(turn, [id]);
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
function endTrial(turn: Turn, id: string, reason: 'normal' | 'shutdown' | 'abnormal'): void {
  const isFault = reason === 'abnormal' || isRestarted(turn.state, id, reason);
  settle(turn, id);
  if (isFault) {
    giveUp(turn, 'intensity');
  } else {
    startAll(turn);
    startNow(
      turn,
      turn.state.starts.filter((other) => other !== id),
    );
  }
}

function restart(turn: Turn, id: string): void {
  const { restarts, isTooMany } = countRestart(turn.state, turn.nowMs);
  setStatus(turn, id, 'owed');
  put(turn, { restarts });
  if (isTooMany) {
    giveUp(turn, 'intensity');
    return;
  }
  const group = groupOf(turn.state, id);
  put(turn, {
    stops: group.filter((other) => other !== id).reverse(),
    starts: group,
    startsDueMs: turn.nowMs + restartDelayMs(restarts.length, turn.state.spec.backoff),
  });
}
