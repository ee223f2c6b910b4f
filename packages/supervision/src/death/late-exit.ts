import type { DeathCertificate, Evidence } from '@millrace/core';
import { blameOf } from './blame.ts';
import type { ProcessExit } from './start.ts';

/** Who saw the end itself needs nobody else's word for it. */
const EYE_WITNESSES: ReadonlySet<Evidence['kind']> = new Set(['process-exit', 'pod-exit', 'pod-terminated']);

/**
 * The certificate of a death that was certified before the cluster said how its container ended, with that added; null
 * where it adds nothing. Out of memory is the work's own doing, whatever the absence alone looked like; any other reason is
 * only written down: what was decided by then stays.
 */
export function withLateExit(
  certificate: DeathCertificate,
  { atMs, detail, outOfMemory, code, signal }: ProcessExit,
): DeathCertificate | null {
  const { evidence, slot, exitCode, exitSignal, diedAtMs, lastLines } = certificate;
  if (evidence.some(({ kind }) => EYE_WITNESSES.has(kind))) return null;
  // The API's times are cut to the second.
  const told: Evidence = {
    kind: 'pod-terminated',
    atMs: Math.max(atMs, diedAtMs),
    ...(detail === undefined ? {} : { detail }),
  };
  const amended = { ...certificate, evidence: [told, ...evidence] };
  if (outOfMemory !== true) return amended;
  const blame = blameOf({ cause: 'oom', seen: true, busy: false, served: slot !== null });
  // A dead letter shows the last lines: nobody heard any of a container that the kernel ended.
  const lines = lastLines.length > 0 || detail === undefined ? lastLines : [detail];
  return {
    ...amended,
    lastLines: lines,
    cause: 'oom',
    blame,
    exitCode: exitCode ?? code,
    exitSignal: exitSignal ?? signal,
  };
}
