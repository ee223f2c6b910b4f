import type { AttemptOutcome, JobOrigin } from '@millrace/core';
import type { Cut, SamplingPolicy } from './sampling.ts';

const FAILED: Cut = { cut: 'failed', weight: 1 };
const SLOW: Cut = { cut: 'slow', weight: 1 };
const REMOTE: Cut = { cut: 'remote', weight: 1 };
const CONTINUED: Cut = { cut: 'continued', weight: 1 };
const SAMPLER: Cut = { cut: 'sampler', weight: 1 };

/** Whether the attempt goes on with something that has a span. */
export function isContinued(attempt: {
  readonly before: number | null;
  readonly origin: JobOrigin;
}): boolean {
  return attempt.before !== null || attempt.origin === 'replay';
}

/**
 * The cut that keeps the attempt however it ends, or null if its end is to decide: the sampled flag of what its
 * handler calls. `hash` is the job's `jobHash` (for a client's trace under `ratio`, `hashOfTraceId` of it), `remote` the
 * flag of the client's context, null without one. Every job is asked: makes no object.
 */
export function cutAtStart(
  policy: SamplingPolicy,
  hash: number,
  remote: boolean | null,
  isContinued: boolean,
): Cut | null {
  if (policy.isParentBased && remote !== null) return remote ? REMOTE : null;
  switch (policy.mode) {
    case 'always':
      return SAMPLER;
    case 'never':
      return null;
    case 'ratio':
      return hash >= policy.threshold ? policy.hashCut : null;
    case 'cuts':
      if (remote === true) return REMOTE;
      if (isContinued) return CONTINUED;
      return hash >= policy.threshold ? policy.hashCut : null;
  }
}

/**
 * The cut that keeps an attempt that has ended, or null. Failures and the slow come first, with weight 1: only what is
 * neither is left to the hash, so weighted by `weight` the kept attempts stand for all.
 */
export function cutAtEnd(
  policy: SamplingPolicy,
  atStart: Cut | null,
  outcome: AttemptOutcome | 'killed',
  isSlow: boolean,
): Cut | null {
  if (policy.mode !== 'cuts') return atStart;
  if (outcome === 'failed' || outcome === 'retried' || outcome === 'killed') return FAILED;
  if (isSlow && outcome === 'completed') return SLOW;
  return atStart;
}
