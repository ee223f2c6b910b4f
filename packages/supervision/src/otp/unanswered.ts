import type { SupervisorState } from './state.ts';
import { endOrder } from './turn.ts';
import type { SupervisorAction } from './types.ts';

/**
 * What a state still waits for, as the actions that were given for it: whoever takes over a saved state does them
 * again, since nobody knows whether the one before did. An order given twice must be as good as once.
 */
export function unanswered(state: SupervisorState): readonly SupervisorAction[] {
  const actions = state.children.flatMap(({ id, status }): SupervisorAction[] => {
    if (status === 'starting') return [{ type: 'start', id }];
    return status === 'stopping' ? [endOrder(state, id)] : [];
  });
  const dueMs = state.waiting.map((entry) => entry.dueMs);
  if (dueMs.length > 0) actions.push({ type: 'wake', atMs: Math.min(...dueMs) });
  if (state.mode === 'escalated') actions.push({ type: 'escalate', why: state.why });
  if (state.mode === 'stopped') actions.push({ type: 'stopped' });
  return actions;
}
