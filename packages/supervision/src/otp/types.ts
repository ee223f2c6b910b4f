import type { RestartType, Strategy } from '@millrace/core';

/** One child of a supervisor, in OTP's terms (supervisor(3)). */
export interface ChildSpec {
  readonly id: string;
  readonly restart: RestartType;
  /** Ms that it may take to end when told to, before it is killed; `brutal_kill` asks nothing. */
  readonly shutdown: number | 'infinity' | 'brutal_kill';
}

/** What a supervisor is told once. Children stand in start order; they end in reverse. Times are ms. */
export interface SupervisorSpec {
  readonly strategy: Strategy;
  /** More than this many restarts within the period, and the supervisor gives up. */
  readonly intensity: number;
  readonly periodMs: number;
  /** Wait before the second restart within the period, doubling up to `maxMs`; the first is immediate. Null: none. */
  readonly backoff: { readonly firstMs: number; readonly maxMs: number } | null;
  readonly children: readonly ChildSpec[];
}

/** Why a child ended: `normal` and `shutdown` are no faults for a transient child. */
export type ExitReason = 'normal' | 'shutdown' | 'abnormal';

/** What happened. Events about children that are not known mean nothing. */
export type SupervisorEvent =
  | { readonly type: 'start' }
  /** A `start` action is done: the child runs. The next one in order is started only then. */
  | { readonly type: 'started'; readonly id: string }
  | { readonly type: 'start-failed'; readonly id: string }
  /** Also the answer to `stop` and `kill` actions. */
  | { readonly type: 'exited'; readonly id: string; readonly reason: ExitReason }
  /** It ended, or will, because somebody wanted it to: a successor is started, and nothing is counted. */
  | { readonly type: 'replaced'; readonly id: string }
  /** The time asked for by `wake` has come. */
  | { readonly type: 'tick' }
  /** After an escalation: try with one child. `full` starts all and forgets the past. */
  | { readonly type: 'trial' }
  | { readonly type: 'resume' }
  /** The trial's child has lived long enough. */
  | { readonly type: 'proven' }
  | { readonly type: 'stop' };

/** What is to be done, in this order. */
export type SupervisorAction =
  | { readonly type: 'start'; readonly id: string }
  /** Ask it to end within `timeoutMs`, then kill it; null waits for ever. */
  | { readonly type: 'stop'; readonly id: string; readonly timeoutMs: number | null }
  | { readonly type: 'kill'; readonly id: string }
  /** Come back with `tick` at that time. */
  | { readonly type: 'wake'; readonly atMs: number }
  /** The budget is spent (or nothing can start) and every child has ended: the level above decides. */
  | { readonly type: 'escalate'; readonly why: 'intensity' | 'start-failed' }
  /** Every child runs; also after a trial. */
  | { readonly type: 'running' }
  /** All children ended after `stop`. */
  | { readonly type: 'stopped' };
