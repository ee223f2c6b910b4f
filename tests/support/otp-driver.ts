import {
  type ChildSpec,
  newSupervisor,
  type SupervisorAction,
  type SupervisorEvent,
  type SupervisorSpec,
  type SupervisorState,
  supervise,
} from '@millrace/supervision';

/** Drives our supervisor; every `start`, `stop` and `kill` of a child that is not held is answered at once. */
export interface OtpDriver {
  /** The actions that follow, also from the answers, in words such as `start a`. */
  tell(event: SupervisorEvent): string[];
  /** Lets that time pass, and ticks. */
  rest(ms: number): string[];
  /** No more answers for this child. */
  hold(id: string): void;
  readonly nowMs: number;
  /** Setting it is what a jump of the clock, or another leader's reading of the state, does. */
  state: SupervisorState;
  clock(nowMs: number): void;
}

function answerTo(action: SupervisorAction): SupervisorEvent | null {
  if (action.type === 'start') return { type: 'started', id: action.id };
  if (action.type !== 'stop' && action.type !== 'kill') return null;
  return { type: 'exited', id: action.id, reason: 'shutdown' };
}

function wordsOf(action: SupervisorAction): string {
  if (action.type === 'wake') return `wake ${action.atMs}`;
  if (action.type === 'escalate') return `escalate ${action.why}`;
  return 'id' in action ? `${action.type} ${action.id}` : action.type;
}

/** A supervisor that was told `start` already, with these children in this order. */
export function driveOtp(spec: Partial<SupervisorSpec>, children: readonly ChildSpec[]): OtpDriver {
  const whole = {
    strategy: 'one_for_one',
    intensity: 3,
    periodMs: 10_000,
    backoff: null,
    ...spec,
    children,
  } as const;
  const held = new Set<string>();
  let nowMs = 0;
  let state = newSupervisor(whole);

  function tell(event: SupervisorEvent): string[] {
    const step = supervise(JSON.parse(JSON.stringify(state)), event, nowMs);
    state = step.state;
    return step.actions.flatMap((action) => {
      const answer = 'id' in action && held.has(action.id) ? null : answerTo(action);
      return [wordsOf(action), ...(answer ? tell(answer) : [])];
    });
  }

  tell({ type: 'start' });
  return {
    tell,
    rest(ms) {
      nowMs += ms;
      return tell({ type: 'tick' });
    },
    hold: (id) => void held.add(id),
    clock: (toMs) => {
      nowMs = toMs;
    },
    get nowMs() {
      return nowMs;
    },
    get state() {
      return state;
    },
    set state(to) {
      state = to;
    },
  };
}

/** A permanent child with 100 ms to end. */
export function child(id: string, over: Partial<ChildSpec> = {}): ChildSpec {
  return { id, restart: 'permanent', shutdown: 100, ...over };
}
