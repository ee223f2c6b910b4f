import type { BeatSample, DeathCertificate, Evidence } from '@millrace/core';
import { blameOf, causeOf } from './blame.ts';
import type { ProcessExit, StartState } from './start.ts';

/** What convinced us. Only these three ways lead to a certificate. */
export type Proof =
  | { readonly by: 'parent'; readonly kind: 'process-exit' | 'pod-exit'; readonly exit: ProcessExit }
  /** Its link and its connections to the store are both gone, long enough. */
  | { readonly by: 'absence' }
  /** Silent past its limit, and fenced. */
  | { readonly by: 'silence' };

/** By so much may a parent's clock be behind, or its last words have been on their way. */
const SKEW_MS = 100;

/** It lived then; 0 for one that we know by hearsay only. */
const livedMs = ({ met, vouched, lastHeardMs }: StartState) => (met || vouched ? lastHeardMs : 0);

/**
 * When its parent says that it ended. That parent's clock may be off, by an hour even: it did live when we last heard of
 * it and is dead now, and a moment outside of that is worth less than the moment at which we were told.
 */
function momentOf(state: StartState, { atMs }: ProcessExit, nowMs: number): number {
  const heardMs = livedMs(state);
  return atMs < heardMs - SKEW_MS ? nowMs : Math.min(nowMs, Math.max(atMs, heardMs));
}

function parentsEvidence(
  state: StartState,
  proof: Extract<Proof, { by: 'parent' }>,
  nowMs: number,
): Evidence {
  const { kind, exit } = proof;
  const detail = exit.detail === undefined ? {} : { detail: exit.detail };
  const told = exit.byCluster === true ? 'pod-terminated' : kind;
  return { kind: told, atMs: momentOf(state, exit, nowMs), ...detail };
}

function silenceDetail({ busy, parent }: StartState): string {
  const fenced = 'fenced before it was declared dead';
  if (busy) return `blocked by its own work; ${fenced}`;
  return parent?.letter ? `its parent saw it in state ${parent.letter}; ${fenced}` : fenced;
}

/** All that speaks for the death, each with the moment it began to. */
function evidenceOf(state: StartState, proof: Proof, nowMs: number): Evidence[] {
  const evidence: Evidence[] = [];
  if (proof.by === 'parent') evidence.push(parentsEvidence(state, proof, nowMs));
  if (state.linkClosedMs !== null && (state.met || proof.by === 'absence')) {
    const detail = state.met ? {} : { detail: 'it never said hello to this supervisor' };
    evidence.push({ kind: 'link-closed', atMs: state.linkClosedMs, ...detail });
  }
  if (state.storeGoneMs !== null) evidence.push({ kind: 'store-gone', atMs: state.storeGoneMs });
  if (proof.by === 'silence') {
    evidence.push({ kind: 'beats-missed', atMs: state.lastHeardMs, detail: silenceDetail(state) });
  }
  return evidence;
}

/** Nobody heard the last words of a container: what its kubelet said of it stands for them. */
function clusterLines({ byCluster, detail }: Partial<ProcessExit>): readonly string[] {
  return byCluster === true && detail !== undefined ? [detail] : [];
}

/** The earliest evidence. Its link may have been down for long while its parent heard it: that tells nothing. */
function diedMs(state: StartState, evidence: readonly Evidence[], nowMs: number): number {
  return Math.min(nowMs, ...evidence.map(({ atMs }) => atMs).filter((atMs) => atMs >= livedMs(state)));
}

/**
 * The record of the death of `state`'s start. `nowMs` is when it is certified. Its beats are not known here: see
 * {@link withHistory}.
 */
export function certificateOf(state: StartState, proof: Proof, nowMs: number): DeathCertificate {
  const evidence = evidenceOf(state, proof, nowMs);
  const words: Partial<ProcessExit> = proof.by === 'parent' ? proof.exit : {};
  const exit = proof.by === 'parent' && proof.kind === 'process-exit' ? proof.exit : null;
  const cause = causeOf(state, proof);
  const seen = exit !== null && (exit.code !== null || exit.signal !== null);
  // Whichever of us declared it dead, all are to say the same of it.
  const busy = state.busy || exit?.busy === true;
  const served = !seen || state.slot !== null;
  return {
    worker: state.id,
    pod: state.pod,
    pid: state.pid,
    slot: state.slot,
    cause,
    blame: blameOf({ cause, seen, busy, served }),
    exitCode: exit?.code ?? null,
    exitSignal: exit?.signal ?? null,
    diedAtMs: diedMs(state, evidence, nowMs),
    certifiedAtMs: nowMs,
    evidence,
    lastLines: words.lastLines ?? clusterLines(words),
    peakRssBytes: words.peakRssBytes ?? null,
    memoryLimitBytes: words.memoryLimitBytes ?? null,
    beats: [],
  };
}

/** How long before the end beats are evidence. */
export const BEATS_BEFORE_DEATH_MS = 10_000;

/** Adds what was heard of it while it lived: its beats of the last 10 s, and the highest resident size in sight. */
export function withHistory(
  certificate: DeathCertificate,
  beats: readonly BeatSample[],
  peakRssBytes: number | null,
): DeathCertificate {
  const peaks = [certificate.peakRssBytes, peakRssBytes].filter((bytes) => bytes !== null);
  const fromMs = certificate.diedAtMs - BEATS_BEFORE_DEATH_MS;
  return {
    ...certificate,
    peakRssBytes: peaks.length === 0 ? null : Math.max(...peaks),
    beats: beats.filter(({ atMs }) => atMs >= fromMs),
  };
}
