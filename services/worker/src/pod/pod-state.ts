import type { SupervisorState } from '@millrace/supervision';
import { newPositions, type PositionLimits } from './positions.ts';

/**
 * What a pod supervisor knows; what becomes of it is decided in fold.ts.
 *
 * A pod is in one of these modes:
 * - `starting`  not every slot has been filled yet; a refused start ends the pod at once
 * - `running`   every slot was filled once; an end is made good from the standbys
 * - `draining`  told to end: nothing is forked any more, the last child's end is the pod's, code 0
 * - `failed`    the restart budget is spent, or nothing can start: as draining, but code 1 (or 78)
 *
 * A child is in one of these:
 * - `starting`  forked, loading; has no slot
 * - `standby`   ready, waits for a slot
 * - `active`    holds a slot and takes jobs
 * - `leaving`   was told to end, or said that it does: its slot is vacant already, its exit costs no budget
 * - `fenced`    was declared dead elsewhere, its slot is vacant already: its exit costs no budget
 * - `condemned` an operator ordered its kill: its slot is vacant already; its exit costs no budget
 *
 * An end that is the weather's (the store is away) costs no budget either: the process says before that it leaves, as
 * one that finds itself fenced says that. Its exit code alone is any handler's to choose.
 */
export type ChildMode = 'starting' | 'standby' | 'active' | 'leaving' | 'fenced' | 'condemned';

export interface Child {
  readonly id: string;
  readonly mode: ChildMode;
  /** The slot it holds, or held last: an exit report names it. */
  readonly slot: number | null;
}

/** A process that died with a slot: until its orphans run again, or that time, nothing is forked that can wait. */
export interface Mourned {
  readonly id: string;
  readonly untilMs: number;
}

export interface PodState {
  readonly mode: 'starting' | 'running' | 'draining' | 'failed';
  readonly children: readonly Child[];
  readonly mourned: readonly Mourned[];
  /** A pause in front of the budget, one for each fault that still waits for it: until then one process fewer is forked. */
  readonly pausesUntilMs: readonly number[];
  /** Children that a supervisor suspects: each is to have a standby that could take its place. */
  readonly suspects: readonly string[];
  readonly positions: SupervisorState;
  readonly exitCode: number;
}

export interface PodSettings extends PositionLimits {
  readonly standby: number;
  readonly killFenced: boolean;
  readonly drain: { readonly timeoutMs: number; readonly noticeMs: number };
}

export type PodEvent =
  /** Forks what is missing; `refill-in` asked for it. */
  | { readonly type: 'start' | 'refill' }
  | { readonly type: 'forked'; readonly id: string }
  | { readonly type: 'ready'; readonly id: string }
  /** The child ends on its own, and means to. */
  | { readonly type: 'leaving'; readonly id: string }
  /** The child was declared dead elsewhere, has found that out, and exits. */
  | { readonly type: 'fenced'; readonly id: string }
  | { readonly type: 'exited'; readonly id: string; readonly code: number | null }
  /** Orders name a child; `drain` of the whole pod has no id and may be quicker than the settings say. */
  | { readonly type: 'drain-child' | 'kill-child' | 'fence-child'; readonly id: string }
  /** A supervisor suspects it, and: it has shown itself since. */
  | { readonly type: 'warm' | 'calm'; readonly id: string }
  /** Every orphan of that dead process runs again. */
  | { readonly type: 'recovered'; readonly id: string }
  | { readonly type: 'drain'; readonly timeoutMs: number }
  /** The drain's time is over, with something to spare. */
  | { readonly type: 'deadline' };

export type PodAction =
  | { readonly type: 'activate'; readonly id: string; readonly slot: number }
  | { readonly type: 'fork'; readonly count: number }
  /** Come back with a `refill` event after `ms`. */
  | { readonly type: 'refill-in'; readonly ms: number }
  | { readonly type: 'drain'; readonly id: string; readonly timeoutMs: number; readonly noticeMs: number }
  | { readonly type: 'kill'; readonly id: string }
  /** Give the drain this long before `deadline`. */
  | { readonly type: 'await-deadline'; readonly ms: number }
  | { readonly type: 'end'; readonly code: number };

export interface Decision {
  readonly state: PodState;
  readonly actions: readonly PodAction[];
}

/** A pod that has no process yet. */
export function newPod(settings: PositionLimits): PodState {
  const nobody = { children: [], mourned: [], pausesUntilMs: [], suspects: [] };
  return { mode: 'starting', ...nobody, positions: newPositions(settings), exitCode: 0 };
}

export const SERVING: readonly ChildMode[] = ['starting', 'standby', 'active'];

/** Children that hold a slot or may come to hold one. */
export const serves = ({ mode }: Child) => SERVING.includes(mode);

export const isEnding = (state: PodState) => state.mode === 'draining' || state.mode === 'failed';
