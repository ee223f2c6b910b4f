import type { ChildSpec, SupervisorSpec } from './types.ts';

/**
 * How a child stands:
 * - `down`      does not run, and nobody owes it a start
 * - `owed`      ended or failed to start, and its restart is still to come
 * - `starting`  a `start` is under way
 * - `running`   started
 * - `fallen`    ended while the supervisor was busy; its letter lies in the mailbox
 * - `stopping`  a `stop` or `kill` is under way
 */
export type ChildStatus = 'down' | 'owed' | 'starting' | 'running' | 'fallen' | 'stopping';

/** A child that is still supervised. */
export interface ChildState {
  readonly id: string;
  readonly status: ChildStatus;
}

/**
 * What waits until the work in hand is done, as a message waits for a process of Erlang: ends, a start that failed
 * (`retry`, which counts again), a restart whose backoff is over (`due`, which was counted).
 */
export interface Letter {
  readonly id: string;
  readonly what: 'normal' | 'shutdown' | 'abnormal' | 'replaced' | 'retry' | 'due';
}

/**
 * The modes, and what leads from one to the next:
 * - `idle`        nothing was asked yet
 * - `starting`    all are being started; one that fails is an escalation
 * - `running`     also while it restarts
 * - `escalating`  gives up: all are being ended; then `escalated`, where nothing runs
 * - `trial`       after an escalation: the first child alone
 * - `stopping`    told to end; then `stopped`, for good
 */
export type SupervisorMode =
  | 'idle'
  | 'starting'
  | 'running'
  | 'escalating'
  | 'escalated'
  | 'trial'
  | 'stopping'
  | 'stopped';

/** All that a supervisor knows, as plain JSON: whoever reads it goes on where it was left. */
export interface SupervisorState {
  readonly spec: SupervisorSpec;
  readonly mode: SupervisorMode;
  /** In start order; a temporary child that ended is no longer among them. */
  readonly children: readonly ChildState[];
  /** When restarts were counted, ms, oldest first; only those within the period. */
  readonly restarts: readonly number[];
  /** Work in hand, one at a time: ends first, in this order, … */
  readonly stops: readonly string[];
  /** … then starts, in this order, … */
  readonly starts: readonly string[];
  /** … and these not before that time, ms. */
  readonly startsDueMs: number;
  readonly mailbox: readonly Letter[];
  /** Restarts in front of which a backoff stands. */
  readonly waiting: readonly { readonly id: string; readonly dueMs: number }[];
  /** Of the last escalation. */
  readonly why: 'intensity' | 'start-failed';
}

/** A supervisor that was told nothing yet; `start` sets it to work. */
export function newSupervisor(spec: SupervisorSpec): SupervisorState {
  return {
    spec,
    mode: 'idle',
    children: spec.children.map(({ id }) => ({ id, status: 'down' })),
    restarts: [],
    stops: [],
    starts: [],
    startsDueMs: 0,
    mailbox: [],
    waiting: [],
    why: 'intensity',
  };
}

/** Throws for an id that the spec does not have: a state and its spec always agree. */
export function specOf(state: Pick<SupervisorState, 'spec'>, id: string): ChildSpec {
  const spec = state.spec.children.find((child) => child.id === id);
  if (!spec) throw new Error(`No child "${id}" in this supervisor`);
  return spec;
}
