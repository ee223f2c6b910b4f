import {
  newSupervisor,
  type SupervisorAction,
  type SupervisorEvent,
  type SupervisorState,
  supervise,
} from '@millrace/supervision';
import { canReplace, type Deed, reasonOf, type Story, type StoryChild, type StoryStep } from './otp-story.ts';

/** Plays a story to our supervisor and writes down what otp_peer.erl writes down of OTP's. */
export function playToOurs({ spec, children, steps }: Story): string[] {
  const log: string[] = [];
  const alive = new Set<string>();
  const attempts = new Map<string, number>();
  let nowMs = 0;
  let state: SupervisorState = newSupervisor({ ...spec, backoff: null, children });

  const childOf = (id: string): StoryChild => {
    const child = children.find((one) => one.id === id);
    if (!child) throw new Error(`no child ${id}`);
    return child;
  };
  const nextStart = (id: string) => childOf(id).starts[attempts.get(id) ?? 0] ?? { ok: true, deed: null };

  /** As JSON and back, every time: a state is nothing else. */
  function tell(event: SupervisorEvent): readonly SupervisorAction[] {
    const step = supervise(JSON.parse(JSON.stringify(state)), event, nowMs);
    state = step.state;
    return step.actions;
  }

  function act(actions: readonly SupervisorAction[]): void {
    for (const action of actions) {
      if (action.type === 'start') act(start(action.id));
      if (action.type === 'stop' || action.type === 'kill') act(end(action));
      if (action.type === 'escalate') log.push(`escalate ${action.why}`);
      if (action.type === 'stopped') log.push('stopped');
    }
  }

  function kill({ victim, how }: Deed): readonly SupervisorAction[] {
    if (!alive.delete(victim)) return [];
    log.push(`end ${victim} ${how === 'kill' ? 'killed' : how}`);
    return tell({ type: 'exited', id: victim, reason: reasonOf(how) });
  }

  function start(id: string): readonly SupervisorAction[] {
    const { ok, deed } = nextStart(id);
    attempts.set(id, (attempts.get(id) ?? 0) + 1);
    log.push(`${ok ? 'start' : 'fail'} ${id}`);
    if (deed) act(kill(deed));
    if (!ok) return tell({ type: 'start-failed', id });
    alive.add(id);
    return tell({ type: 'started', id });
  }

  function end({ type, id }: { readonly type: 'stop' | 'kill'; readonly id: string }) {
    if (!alive.has(id)) return [];
    const { onEnd, stubborn } = childOf(id);
    if (type === 'stop' && onEnd) act(kill(onEnd));
    alive.delete(id);
    const killed = type === 'kill' || stubborn;
    log.push(`end ${id} ${killed ? 'killed' : 'shutdown'}`);
    return tell({ type: 'exited', id, reason: killed ? 'abnormal' : 'shutdown' });
  }

  function step(next: StoryStep): void {
    if (next.type === 'wait') {
      nowMs += next.ms;
    } else if (next.type === 'crash') {
      act(next.victims.flatMap(kill));
    } else if (alive.has(next.id) && canReplace(childOf(next.id), nextStart(next.id).ok)) {
      alive.delete(next.id);
      const { shutdown, stubborn } = childOf(next.id);
      log.push(`end ${next.id} ${shutdown === 'brutal_kill' || stubborn ? 'killed' : 'shutdown'}`);
      act(tell({ type: 'replaced', id: next.id }));
    }
  }

  act(tell({ type: 'start' }));
  for (const next of steps) step(next);
  if (state.mode !== 'escalated') act(tell({ type: 'stop' }));
  return log;
}
