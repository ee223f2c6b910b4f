import type { DeathCertificate } from '@millrace/core';

/** Times that decide about life and death, in ms; see the configuration's `supervision`. */
export interface DeathLimits {
  readonly suspectMs: number;
  readonly hangLimitMs: number;
  readonly confirmMs: number;
}

/** Who a start is. */
export interface StartIdentity {
  readonly id: string;
  readonly pod: string;
  readonly pid: number;
  readonly slot: number | null;
}

/**
 * What is known of one start of a worker process.
 *
 *   alive ⇄ suspect   silent for `suspectMs`, or its link closed: it is fed no more, nothing else happens to it
 *   suspect → fencing silent past the hang limit: its fence is being written
 *   fencing → suspect the store could not take the fence; a sign of life makes it alive again
 *   any → dead        certified; for good, whatever it still says
 */
export interface StartState extends StartIdentity {
  readonly phase: 'alive' | 'suspect' | 'fencing' | 'dead';
  /** False while it is only known by hearsay: from the picture that an earlier supervisor left. */
  readonly met: boolean;
  /** Its parent, linked to us, says that it lives: then it can reach us too, and its silence counts. */
  readonly vouched: boolean;
  readonly linked: boolean;
  /** Its last sign of life; for one never met, when we heard of it. */
  readonly lastHeardMs: number;
  readonly linkClosedMs: number | null;
  /** When a look first found none of its connections in the store; any look that finds one resets it. */
  readonly storeGoneMs: number | null;
  /** When its parent first left it out of the list of its children. */
  readonly disownedMs: number | null;
  readonly saidBye: boolean;
}

/** What happened, as seen by this supervisor; `nowMs` comes beside it. Times are ms since 1970. */
export type StartEvent =
  | { readonly type: 'hello'; readonly start: StartIdentity }
  /** A sign of life; a standby learns its slot after its hello. */
  | { readonly type: 'heard'; readonly slot?: number | null }
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
  /** We ourselves did not run for a while: a silence that we could not have heard ending is nobody's. */
  | { readonly type: 'slept' }
  | { readonly type: 'tick' };

/** How a process ended, in its parent's words. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly atMs: number;
  /** It had been told to end. */
  readonly expected: boolean;
  readonly detail?: string;
}

/** What is to be done. */
export type StartAction =
  /** Feed it no more. */
  | { readonly type: 'suspect'; readonly id: string }
  | { readonly type: 'unsuspect'; readonly id: string }
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
