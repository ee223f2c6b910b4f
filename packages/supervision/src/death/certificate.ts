import type { DeathCertificate, Evidence } from '@millrace/core';
import type { ProcessExit, StartState } from './start.ts';

/** What convinced us. Only these three ways lead to a certificate. */
export type Proof =
  | { readonly by: 'parent'; readonly kind: 'process-exit' | 'pod-exit'; readonly exit: ProcessExit }
  /** Its link and its connections to the store are both gone, long enough. */
  | { readonly by: 'absence' }
  /** Silent past the hang limit, and fenced. */
  | { readonly by: 'silence' };

function causeOf(state: StartState, proof: Proof): DeathCertificate['cause'] {
  if (proof.by === 'silence') return 'hung';
  if (proof.by === 'absence') return state.saidBye ? 'shutdown' : 'crash';
  const { signal, code, expected } = proof.exit;
  const planned = signal !== 'SIGKILL' && (expected || (state.saidBye && code === 0));
  if (planned) return 'shutdown';
  if (proof.kind === 'pod-exit') return 'pod-lost';
  return signal === 'SIGKILL' ? 'killed' : 'crash';
}

/** All that speaks for the death, each with the moment it began to. */
function evidenceOf(state: StartState, proof: Proof, nowMs: number): Evidence[] {
  const evidence: Evidence[] = [];
  if (proof.by === 'parent') {
    const { kind, exit } = proof;
    // Its parent's clock may be off; it did live when we last heard of it, and it is dead now.
    const earliest = state.met ? state.lastHeardMs : 0;
    const atMs = Math.min(nowMs, Math.max(exit.atMs, earliest));
    evidence.push({ kind, atMs, ...(exit.detail === undefined ? {} : { detail: exit.detail }) });
  }
  if (state.linkClosedMs !== null && (state.met || proof.by === 'absence')) {
    const detail = state.met ? {} : { detail: 'it never said hello to this supervisor' };
    evidence.push({ kind: 'link-closed', atMs: state.linkClosedMs, ...detail });
  }
  if (state.storeGoneMs !== null) evidence.push({ kind: 'store-gone', atMs: state.storeGoneMs });
  if (proof.by === 'silence') {
    evidence.push({
      kind: 'beats-missed',
      atMs: state.lastHeardMs,
      detail: 'fenced before it was declared dead',
    });
  }
  return evidence;
}

/** The record of the death of `state`'s start. `nowMs` is when it is certified. */
export function certificateOf(state: StartState, proof: Proof, nowMs: number): DeathCertificate {
  const evidence = evidenceOf(state, proof, nowMs);
  const exit = proof.by === 'parent' && proof.kind === 'process-exit' ? proof.exit : null;
  return {
    worker: state.id,
    pod: state.pod,
    pid: state.pid,
    slot: state.slot,
    cause: causeOf(state, proof),
    exitCode: exit?.code ?? null,
    exitSignal: exit?.signal ?? null,
    diedAtMs: Math.min(nowMs, ...evidence.map((item) => item.atMs)),
    certifiedAtMs: nowMs,
    evidence,
  };
}
