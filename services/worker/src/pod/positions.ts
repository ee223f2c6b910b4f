import {
  newSupervisor,
  restartDelayMs,
  restartsUsed,
  type SupervisorAction,
  type SupervisorEvent,
  type SupervisorSpec,
  type SupervisorState,
  supervise,
} from '@millrace/supervision';

/**
 * What the pod's supervisor watches over: positions, not processes. Each slot is a permanent child of a one_for_one
 * supervisor, and so is the supply, which is every process that has no slot. A position is started by declaring it
 * vacant, which is done at once; a process that can takes it.
 */
export type Position = number | 'supply';

export interface PositionLimits {
  readonly processes: number;
  readonly intensity: number;
  readonly periodMs: number;
  readonly backoff: SupervisorSpec['backoff'];
}

const idOf = (position: Position) => (position === 'supply' ? position : `slot-${position}`);

/** All positions vacant, nothing counted yet. */
export function newPositions({ processes, intensity, periodMs }: PositionLimits): SupervisorState {
  const ids = ['supply', ...Array.from({ length: processes }, (_, slot) => idOf(slot))];
  const spec = {
    strategy: 'one_for_one',
    intensity,
    periodMs,
    // A vacant position is a standby's at once, and each of its ends counts: what a pause stands in front of is the fork.
    backoff: null,
    children: ids.map((id) => ({ id, restart: 'permanent', shutdown: 'brutal_kill' }) as const),
  } as const;
  return tell(newSupervisor(spec), { type: 'start' }, 0);
}

/** The process in that position ended by a fault of its own. The supervisor gives up (`escalated`) or goes on. */
export function failed(state: SupervisorState, position: Position, nowMs: number): SupervisorState {
  return tell(state, { type: 'exited', id: idOf(position), reason: 'abnormal' }, nowMs);
}

/** How long the fork that makes the latest of those faults good waits, ms: the first in the period does not. */
export function forkDelayMs(
  state: SupervisorState,
  nowMs: number,
  { backoff }: Pick<PositionLimits, 'backoff'>,
): number {
  return restartDelayMs(restartsUsed(state, nowMs), backoff);
}

function tell(state: SupervisorState, event: SupervisorEvent, nowMs: number): SupervisorState {
  const { state: told, actions } = supervise(state, event, nowMs);
  return actions.map(answerTo).reduce((at, answer) => (answer ? tell(at, answer, nowMs) : at), told);
}

/** Positions end and start without taking time; their processes are the fold's to end. */
function answerTo(action: SupervisorAction): SupervisorEvent | null {
  if (action.type === 'start') return { type: 'started', id: action.id };
  if (action.type !== 'kill' && action.type !== 'stop') return null;
  return { type: 'exited', id: action.id, reason: 'shutdown' };
}
