import type { Blame, DeathCertificate } from '@millrace/core';
import type { Proof } from './certificate.ts';
import type { ProcessExit, StartState } from './start.ts';

type Cause = DeathCertificate['cause'];

/** What somebody else sends to a process that is to end; whatever else ends one is the process's own doing. */
const SENT_BY_OTHERS: ReadonlySet<string> = new Set(['SIGKILL', 'SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT']);

/** False for an end without a signal too. */
export function isSentByOthers(signal: string | null): boolean {
  return signal !== null && SENT_BY_OTHERS.has(signal);
}

/** What kind of death the proof shows. */
export function causeOf(state: Pick<StartState, 'saidBye' | 'parentGone'>, proof: Proof): Cause {
  if (proof.by === 'silence') return 'hung';
  if (proof.by === 'parent') return causeOfExit(state.saidBye, proof.kind, proof.exit);
  if (state.saidBye) return 'shutdown';
  return state.parentGone ? 'pod-lost' : 'crash';
}

/** The first that fits: out of memory goes before what its parent or a supervisor did about it. */
function causeOfExit(saidBye: boolean, kind: 'process-exit' | 'pod-exit', exit: ProcessExit): Cause {
  const { signal, code, expected } = exit;
  if (exit.outOfMemory) return 'oom';
  if (exit.fenced) return 'hung';
  if (exit.ordered) return 'ordered';
  const byItself = signal !== null && !isSentByOthers(signal);
  if (!byItself && signal !== 'SIGKILL' && (expected || (saidBye && code === 0))) return 'shutdown';
  if (kind === 'pod-exit') return 'pod-lost';
  return signal !== null && !byItself ? 'killed' : 'crash';
}

/** What a blame is found by. */
export interface BlameFacts {
  readonly cause: Cause;
  /** Somebody saw how it ended: there is an exit code or a signal. */
  readonly seen: boolean;
  /** It was blocked by its own work when it was declared hung. */
  readonly busy: boolean;
  /** It may have held a slot: a process without one takes no jobs. */
  readonly served: boolean;
}

/**
 * Whose fault a death may be. `jobs`: what ran there did it, by its crash, its memory or its CPU time. `unknown`: nobody
 * saw who did it. `none`: it was meant, or the machine's, or no job ever ran there.
 */
export function blameOf({ cause, seen, busy, served }: BlameFacts): Blame {
  if (!served) return 'none';
  switch (cause) {
    case 'oom':
      return 'jobs';
    case 'crash':
      return seen ? 'jobs' : 'unknown';
    case 'hung':
      return busy ? 'jobs' : 'unknown';
    case 'killed':
      return 'unknown';
    case 'ordered':
    case 'pod-lost':
    case 'shutdown':
      return 'none';
    default:
      return cause satisfies never;
  }
}
