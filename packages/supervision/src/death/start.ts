import type { DeathCertificate } from '@millrace/core';
import type { Arrivals } from './phi.ts';

/** Times that decide about life and death, in ms, and the threshold of suspicion; see the configuration's `supervision`. */
export interface DeathLimits {
  readonly beatMs: number;
  readonly suspectMs: number;
  readonly suspectPhi: number;
  readonly hangLimitMs: number;
  readonly busyLimitMs: number;
  readonly confirmMs: number;
}

/** Who a start is. */
export interface StartIdentity {
  readonly id: string;
  readonly pod: string;
  readonly pid: number;
  readonly slot: number | null;
}

/** What its parent last told of it. */
export interface ParentsView {
  /** When we heard it. */
  readonly toldMs: number;
  /** When the parent last heard a word of its child, by our clock; null when it never did. */
  readonly wordMs: number | null;
  readonly cpuMs: number | null;
  /** The kernel's letter; null where there is no /proc. */
  readonly letter: string | null;
}

/**
 * What is known of one start of a worker process.
 *
 *   alive ⇄ suspect   its beat is late, or its link closed: it is fed no more, nothing else happens to it
 *   suspect → fencing silent and still past the hang limit, or silent past the busy limit: its fence is being written
 *   fencing → suspect the store could not take the fence: a sign of life makes it alive again, which it does not before
 *   any → dead        certified; for good, whatever it still says
 */
export interface StartState extends StartIdentity {
  readonly phase: 'alive' | 'suspect' | 'fencing' | 'dead';
  /** False while it is only known by hearsay: from the picture that an earlier supervisor left. */
  readonly met: boolean;
  /** Its parent, linked to us, says that it lives: then it can reach us too, and its silence counts. */
  readonly vouched: boolean;
  readonly linked: boolean;
  /** Its last sign of life, its own or relayed by its parent; for one never met, when we heard of it. */
  readonly lastHeardMs: number;
  /** From when its silence counts: its last sign of life, and later if somebody else was to blame for the silence. */
  readonly silentSinceMs: number;
  /** From when it stands still: later than its silence as long as its parent sees it work. */
  readonly stillSinceMs: number;
  /** How much of the present silence its parent's own lateness has excused. */
  readonly excusedMs: number;
  readonly arrivals: Arrivals;
  /** Null when no parent has told anything, and once that parent's link is gone. */
  readonly parent: ParentsView | null;
  /** Its parent was linked to us, and is no more. */
  readonly parentGone: boolean;
  /** A replacement was asked for in this suspicion. */
  readonly warmed: boolean;
  /** It was at work when its fence was asked for: its own CPU time blocked it. */
  readonly busy: boolean;
  readonly linkClosedMs: number | null;
  /** When a look first found none of its connections in the store; any look that finds one resets it. */
  readonly storeGoneMs: number | null;
  /** When its parent first left it out of the list of its children. */
  readonly disownedMs: number | null;
  readonly saidBye: boolean;
}

/** A parent's report on one child; `silentMs` is since it last said anything to its parent, null when it never did. */
export interface ParentsReport {
  readonly silentMs: number | null;
  readonly cpuMs: number | null;
  readonly letter: string | null;
}

/** What happened, as seen by this supervisor; `nowMs` comes beside it. Times are ms since 1970. */
export type StartEvent =
  | { readonly type: 'hello'; readonly start: StartIdentity }
  /** A beat. A standby learns its slot after its hello. */
  | { readonly type: 'heard'; readonly slot?: number | null; readonly loopDelayMs?: number }
  | ({ readonly type: 'reported' } & ParentsReport)
  /** Its parent's link closed: what that parent said is no longer so. */
  | { readonly type: 'parent-lost' }
  | { readonly type: 'bye' }
  | { readonly type: 'link-closed' }
  /** The store was asked at `askedMs` and counted this many connections of the start. */
  | { readonly type: 'store-look'; readonly connections: number; readonly askedMs: number }
  /** The store does not answer: what it said before proves nothing any more. */
  | { readonly type: 'store-lost' }
  | ({ readonly type: 'process-exit' } & ProcessExit)
  | ({ readonly type: 'pod-exit' } & ProcessExit)
  /** Its parent said which children live, and it is one of them. */
  | { readonly type: 'listed' }
  /** Its parent said which children live, and it is not one of them. */
  | { readonly type: 'disowned' }
  | { readonly type: 'fence-written' }
  | { readonly type: 'fence-failed' }
  /** We ourselves did not run for `ms`: a silence that we could not have heard ending is nobody's. */
  | { readonly type: 'slept'; readonly ms: number }
  | { readonly type: 'tick' };

/** How a process ended, in its parent's words; what is left out nobody looked at. Sizes are bytes. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly atMs: number;
  /** It had been told to end. */
  readonly expected: boolean;
  readonly detail?: string;
  /** The cluster says so of the container that it ran in, and not its parent of it. */
  readonly byCluster?: boolean;
  /** Its parent killed it, on an order or since it did not end when told to. */
  readonly ordered?: boolean;
  /** It ended because some supervisor had declared it dead. */
  readonly fenced?: boolean;
  /** Whoever declared it dead saw it blocked by its own work. */
  readonly busy?: boolean;
  readonly outOfMemory?: boolean;
  readonly lastLines?: readonly string[];
  readonly peakRssBytes?: number | null;
  readonly memoryLimitBytes?: number | null;
}

/** What is to be done. */
export type StartAction =
  /** Feed it no more. */
  | { readonly type: 'suspect'; readonly id: string }
  | { readonly type: 'unsuspect'; readonly id: string }
  /** It may not come back: have its parent keep a warm standby for it. */
  | { readonly type: 'warm'; readonly id: string }
  /** Write its fence, then report `fence-written` or `fence-failed`. */
  | { readonly type: 'fence'; readonly id: string }
  /** It is dead: give its jobs away. */
  | { readonly type: 'certify'; readonly certificate: DeathCertificate }
  /** A dead start spoke: tell it that it is. */
  | { readonly type: 'refuse'; readonly id: string };

export interface Judgement {
  readonly state: StartState;
  readonly actions: readonly StartAction[];
}
