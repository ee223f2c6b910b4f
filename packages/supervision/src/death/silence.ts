import { phi } from './phi.ts';
import type { DeathLimits, ParentsReport, StartState } from './start.ts';

/** A parent that has told nothing for this many beats is late itself. */
const PARENT_LATE_BEATS = 4;
/** A word that a parent heard within so many beats is as good as one that we heard. */
const FRESH_WORD_BEATS = 2;
/** Reports come a beat apart, and a little late: so old may the last word in them be. */
const VOUCHING_BEATS = 4;

/** A sign of life that was given at `atMs`; one that is older than the last changes nothing. */
export function heardAt(state: StartState, atMs: number): StartState {
  if (atMs <= state.lastHeardMs) return state;
  const later = (sinceMs: number) => Math.max(sinceMs, atMs);
  return {
    ...state,
    lastHeardMs: atMs,
    silentSinceMs: later(state.silentSinceMs),
    stillSinceMs: later(state.stillSinceMs),
    excusedMs: 0,
  };
}

/** `ms` of silence are nobody's, for we or its parent could not have heard it end. */
export function excuse(state: StartState, ms: number, nowMs: number): StartState {
  return {
    ...state,
    silentSinceMs: Math.min(nowMs, state.silentSinceMs + ms),
    stillSinceMs: Math.min(nowMs, state.stillSinceMs + ms),
  };
}

/** How long the parent has been silent beyond what is usual. */
function parentLateMs({ parent }: StartState, nowMs: number, { beatMs }: DeathLimits): number {
  if (parent === null) return 0;
  const quietMs = nowMs - parent.toldMs;
  return quietMs > PARENT_LATE_BEATS * beatMs ? quietMs - beatMs : 0;
}

/**
 * What stalls a parent stalls its children: once it speaks again its lateness excuses theirs, up to one more hang limit.
 * While it is silent too, nothing tells the two from a node that is lost.
 */
function excusableMs(state: StartState, nowMs: number, limits: DeathLimits): number {
  return Math.min(parentLateMs(state, nowMs, limits), limits.hangLimitMs - state.excusedMs);
}

/**
 * When the child was last at work, by two reports of its parent; null when they do not say. Growth of its CPU time
 * tells that it worked after the older report, no more: who was stopped between the two did not work until the newer.
 */
function workedMs({ parent }: StartState, report: ParentsReport, nowMs: number): number | null {
  if (report.letter === 'R') return nowMs;
  const grew = report.cpuMs !== null && parent !== null && report.cpuMs > (parent.cpuMs ?? report.cpuMs);
  return grew ? parent.toldMs : null;
}

/** Its parent lives and knows it: from now on it owes us a sign of life. */
export function vouchedFor(before: StartState, nowMs: number): StartState {
  const state = { ...before, parentGone: false };
  return state.met || state.vouched ? state : { ...heardAt(state, nowMs), vouched: true };
}

/** A parent's report: a relayed sign of life, and whether the child works where it cannot speak. */
export function reported(
  told: StartState,
  report: ParentsReport,
  nowMs: number,
  limits: DeathLimits,
): StartState {
  const before = vouchedFor(told, nowMs);
  const lateMs = excusableMs(before, nowMs, limits);
  const excused = excuse({ ...before, excusedMs: before.excusedMs + lateMs }, lateMs, nowMs);
  const wordMs = report.silentMs === null ? null : nowMs - report.silentMs;
  const state = wordMs === null ? excused : heardAt(excused, wordMs);
  return {
    ...state,
    stillSinceMs: Math.max(state.stillSinceMs, workedMs(before, report, nowMs) ?? 0),
    parent: { toldMs: nowMs, wordMs, cpuMs: report.cpuMs, letter: report.letter },
  };
}

/** Its parent has just heard it, after its link closed if it did: it lives, whatever we ourselves hear of it. */
export function isRelayed(
  { parent, linkClosedMs }: StartState,
  nowMs: number,
  { beatMs }: DeathLimits,
): boolean {
  const wordMs = parent?.wordMs ?? Number.NEGATIVE_INFINITY;
  return nowMs - wordMs <= FRESH_WORD_BEATS * beatMs && wordMs > (linkClosedMs ?? wordMs - 1);
}

/** Its parent stands by it: of its death that parent would have told. */
export function isVouchedFor({ parent }: StartState, nowMs: number, { beatMs }: DeathLimits): boolean {
  return parent !== null && parent.wordMs !== null && nowMs - parent.wordMs <= VOUCHING_BEATS * beatMs;
}

/** What a silence amounts to. */
export type Verdict = 'alive' | 'late' | 'hung' | 'hung-busy';

/**
 * Judges the silence of one whom we could hear. Stillness is silence without work: it ends at the hang limit, work
 * only at the busy limit. Suspicion comes by phi, and at `suspectMs` at the latest.
 */
export function judgeSilence(state: StartState, nowMs: number, limits: DeathLimits): Verdict {
  const silentMs = nowMs - state.silentSinceMs;
  if (nowMs - state.stillSinceMs >= limits.hangLimitMs) return 'hung';
  if (silentMs >= limits.busyLimitMs) return 'hung-busy';
  const isLate = silentMs >= limits.suspectMs || phi(state.arrivals, silentMs) >= limits.suspectPhi;
  return isLate ? 'late' : 'alive';
}
