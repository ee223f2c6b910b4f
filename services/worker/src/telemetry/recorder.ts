import type { EndedAttempt } from '@millrace/core';
import {
  attemptSpans,
  type Cut,
  cutAtEnd,
  isContinued,
  jobTrace,
  NO_CARRIER,
  readCarrier,
  type SamplingPolicy,
  type SpanRecord,
  type StoreFacts,
  startCutOf,
  type TraceShape,
} from '@millrace/telemetry';
import { createLivePercentile } from './live-percentile.ts';
import { createSlowAllowance } from './slow-allowance.ts';

/** What the recorders of one process share. */
export interface RecorderDependencies {
  readonly policy: SamplingPolicy;
  readonly store: StoreFacts | null;
  /** Takes the spans of one attempt; they must not be lost from now on. */
  readonly keep: (spans: readonly SpanRecord[]) => void;
  /** Its handler's own spans share the decision. */
  readonly settle: (attempt: EndedAttempt, isKept: boolean) => void;
  /** How the process was meanwhile: attributes for who was slow in it. */
  readonly weather: (fromUs: number, toUs: number) => SpanRecord['attributes'];
}

/** Decides about each attempt of one queue that has ended, and makes spans of those that are kept. */
export type Recorder = (attempt: EndedAttempt) => void;

/** The cut that an attempt had when it began. */
export function attemptStartCut(
  policy: SamplingPolicy,
  attempt: Pick<EndedAttempt, 'queue' | 'id' | 'timestampMs' | 'carrier' | 'before' | 'origin'>,
): Cut | null {
  const { parent } = attempt.carrier === null ? NO_CARRIER : readCarrier(attempt.carrier);
  return startCutOf(policy, attempt, parent, isContinued(attempt));
}

/**
 * A recorder of one queue. A job that is not kept costs a hash of its id and two looks at the queue's live percentiles: no
 * object, no text.
 */
export function createRecorder(shape: TraceShape, dependencies: RecorderDependencies): Recorder {
  const { policy, store, keep, settle, weather } = dependencies;
  const service = createLivePercentile();
  const total = createLivePercentile();
  const allowance = createSlowAllowance();

  function isSlow(attempt: EndedAttempt): boolean {
    const { carrier, enqueuedUs, startedUs, endedUs } = attempt;
    const sinceUs = (carrier === null ? undefined : readCarrier(carrier).scheduledUs) ?? enqueuedUs;
    const inService = service.isAbove(endedUs - startedUs, endedUs);
    const inTotal = total.isAbove(endedUs - sinceUs, endedUs);
    return allowance.grant(inService || inTotal);
  }

  return (attempt) => {
    const slow = attempt.outcome === 'completed' && policy.mode === 'cuts' && isSlow(attempt);
    const atStart = attemptStartCut(policy, attempt);
    const cut = cutAtEnd(policy, atStart, attempt.outcome, slow);
    if (cut !== null) keepAttempt(attempt, cut, atStart, slow);
    settle(attempt, cut !== null);
  };

  function keepAttempt(attempt: EndedAttempt, cut: Cut, atStart: Cut | null, slow: boolean): void {
    const spans = attemptSpans(attempt, jobTrace(attempt, shape), cut, atStart, store);
    keep(slow ? spans.map((span) => withWeather(span, attempt)) : spans);
  }

  /** Why it was slow may be the process's doing. */
  function withWeather(span: SpanRecord, { startedUs, endedUs }: EndedAttempt): SpanRecord {
    if (span.kind !== 'consumer') return span;
    return { ...span, attributes: { ...span.attributes, ...weather(startedUs, endedUs) } };
  }
}
