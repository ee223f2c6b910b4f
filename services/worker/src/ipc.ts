import type { BodyDurations } from './telemetry/body-durations.ts';
import type { QueueDurations } from './telemetry/job-durations.ts';
import type { QueueCounts } from './telemetry/queue-counts.ts';

/**
 * What a pod supervisor and its worker processes say to each other over the child-process channel.
 * Both are always of one version: one forks the other.
 */

/** From the pod supervisor to a worker process. */
export type ToProcess =
  | { readonly type: 'activate'; readonly slot: number }
  /** Take no more; finish within `timeoutMs`; handlers are told `noticeMs` before. Said again, it only shortens. */
  | { readonly type: 'drain'; readonly timeoutMs: number; readonly noticeMs: number }
  /** That process with one job is killed now: the container's memory is nearly full, and it holds the most of it. */
  | { readonly type: 'too-large'; readonly pid: number };

/** From a worker process to its pod supervisor. */
export type FromProcess =
  /** Loaded, checked and connected: can take a slot at once. */
  | { readonly type: 'ready' }
  /** It leaves on an order that did not come from the pod, or since the store is away: its end is meant. */
  | { readonly type: 'leaving' }
  /** The store or a supervisor says that it was declared dead: it exits, which is no fault of its jobs. */
  | { readonly type: 'fenced' }
  /** The kernel killed a process of its own for memory: that kill explains no other end. */
  | { readonly type: 'memory-kill' }
  /** A process of its own with one job in it begins, and is gone. */
  | { readonly type: 'alone' | 'alone-ended'; readonly pid: number }
  | ({ readonly type: 'activity' } & ProcessActivity);

/** One queue of one worker process. The counters rise from the process's start. */
export interface QueueActivity {
  readonly queue: string;
  readonly busy: number;
  readonly slots: number;
  /** Blocking reads that returned plus jobs that ended. */
  readonly cycles: number;
  readonly connected: boolean;
  readonly ended: Readonly<Record<OutcomeKind, number>>;
  /** Of attempts whose end the store accepted. */
  readonly durations: QueueDurations;
  readonly counts: QueueCounts;
}

/** What a worker process tells of itself every `supervision.beatMs`. Sizes bytes, delays ms. */
export interface ProcessActivity {
  readonly queues: readonly QueueActivity[];
  readonly loopDelayMs: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** CPU time since its start, ms. */
  readonly cpuMs: number;
  readonly body: BodyDurations;
}

/** How a run of a handler can end; the label of the jobs counter. */
export const OUTCOME_KINDS = ['ok', 'fail', 'cancel', 'snooze', 'returned', 'killed'] as const;
export type OutcomeKind = (typeof OUTCOME_KINDS)[number];

/** A count of outcomes, at none. */
export function noOutcomes(): Record<OutcomeKind, number> {
  return { ok: 0, fail: 0, cancel: 0, snooze: 0, returned: 0, killed: 0 };
}

/** Exit codes of a worker process, beside 0 (orderly) and 1 (crash). A handler may choose any: words count, not they. */
export const EXIT = {
  /** The store is away, which is nobody's fault; believed of who said `leaving` before (sysexits' EX_UNAVAILABLE). */
  storeAway: 69,
  /** It had been declared dead; believed of who said `fenced` before (sysexits' EX_TEMPFAIL). */
  fenced: 75,
  /** It can not start as things are: handlers or store unfit; believed of who was not ready yet (sysexits' EX_CONFIG). */
  refused: 78,
} as const;

/** The inherited stream whose end tells a child that its parent is dead; 0–2 are stdio, 3 is the channel. */
export const LIFELINE_FD = 4;
/** Where a worker process writes its spans, and the file of their count; not there without telemetry. */
export const SPANS_FD = 5;
export const SPAN_COUNT_FD = 6;

/**
 * The URL of another module of this package. Sources run as they are (.ts) and compiled (.js): an entry that is
 * named by a string, not an import, has to end like the module that names it.
 */
export function moduleUrl(here: string, path: string): URL {
  return new URL(path.replace(/\.ts$/, here.endsWith('.ts') ? '.ts' : '.js'), here);
}
