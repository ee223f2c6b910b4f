import type { DeadAttempt, DeathCertificate, EndedAttempt } from '@millrace/core';
import { type JobTrace, jobTrace, type TraceShape } from '../context.ts';
import { cutAtEnd, isContinued } from '../cuts.ts';
import { recoveryPlaceOf } from '../ids.ts';
import type { SamplingPolicy } from '../sampling.ts';
import type { SpanRecord } from '../span-record.ts';
import { startCutOf } from '../start-cut.ts';
import { firstSend, type KnownAttempt, processSpan } from './attempt.ts';
import { present, type StoreFacts } from './facts.ts';

/** `error.type` of an attempt that went with its worker, and of one whose lock alone ran out. */
export const WORKER_KILLED = 'worker_killed';
export const LOCK_LOST = 'lock_lost';

/** What decides which spans there are, and how they hang together. */
export interface SpanRules {
  readonly sampling: SamplingPolicy;
  readonly shapeOf: (queue: string) => TraceShape;
  readonly store: StoreFacts | null;
}

/** How an attempt was cut off. */
interface CutOff {
  readonly endedUs: number;
  readonly error: NonNullable<EndedAttempt['error']>;
  readonly more?: Parameters<typeof processSpan>[5];
}

/**
 * The spans of an attempt that went with its worker: `process` in the job's own trace, from its start to the death,
 * linked to the recovery; and `send` where nobody wrote it. Empty if the sampler that was asked for keeps none.
 */
export function deadAttemptSpans(
  dead: DeadAttempt,
  certificate: DeathCertificate,
  rules: SpanRules,
): SpanRecord[] {
  return cutOffSpans(dead, rules, {
    endedUs: Math.round(certificate.diedAtMs * 1000),
    error: { type: WORKER_KILLED, message: deathText(certificate) },
    more: { attributes: deathAttributes(certificate), links: [recoveryPlaceOf(certificate.worker)] },
  });
}

/** The same for an attempt whose lock ran out, without any death: it ends when the job was back in its queue. */
export function lostAttemptSpans(dead: DeadAttempt, rules: SpanRules): SpanRecord[] {
  const message = `the lock of worker ${dead.worker || 'unknown'} ran out: the job was given back`;
  return cutOffSpans(dead, rules, { endedUs: dead.returnedUs, error: { type: LOCK_LOST, message } });
}

function cutOffSpans(dead: DeadAttempt, rules: SpanRules, { endedUs, error, more }: CutOff): SpanRecord[] {
  const trace = jobTrace(dead, rules.shapeOf(dead.queue));
  const cut = cutAtEnd(rules.sampling, startCut(dead, trace, rules, isContinued(dead)), 'killed', false);
  if (cut === null) return [];
  // By two clocks, or taken by a zombie: no span ends before it begins.
  const endUs = Math.max(endedUs, dead.startedUs);
  const attempt: KnownAttempt = { ...dead, endedUs: endUs, outcome: 'killed' };
  const process = processSpan(attempt, trace, cut, endUs, error, more);
  if (dead.hasTracedPast) return [process];
  const send = firstSend(attempt, trace, startCut(dead, trace, rules, false), rules.store);
  return send ? [send, process] : [process];
}

/** What was known as it began; with `continued` false what its producer knew. */
function startCut(dead: DeadAttempt, { carrier }: JobTrace, { sampling }: SpanRules, continued: boolean) {
  return startCutOf(sampling, dead, carrier.parent, continued);
}

/** The death in one sentence. */
export const deathText = ({ worker, cause }: DeathCertificate) => `worker ${worker} died: ${cause}`;

/** The death as attributes. */
export function deathAttributes({ worker, pod, pid, cause, exitCode, exitSignal }: DeathCertificate) {
  return present({
    'millrace.death.worker': worker,
    'millrace.death.pod': pod,
    'millrace.death.pid': pid,
    'millrace.death.cause': cause,
    'millrace.death.exit_code': exitCode,
    'millrace.death.exit_signal': exitSignal,
  });
}
