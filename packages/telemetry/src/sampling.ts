import { thresholdOf } from './ids.ts';

/** Why an attempt has a span. */
export type CutName = 'failed' | 'slow' | 'remote' | 'continued' | 'hash' | 'sampler';

/** Why an attempt has a span, and for how many it stands. */
export interface Cut {
  readonly cut: CutName;
  readonly weight: number;
}

/**
 * Which attempts become spans. `cuts` is Millrace's own, for an unset `OTEL_TRACES_SAMPLER`; the others are the
 * specification's samplers, which know nothing of an attempt's end.
 */
export interface SamplingPolicy {
  readonly mode: 'cuts' | 'always' | 'never' | 'ratio';
  /** `parentbased_…`: where there is a client's context, its flag alone decides. */
  readonly isParentBased: boolean;
  /** The share that the hash keeps, 0–1. */
  readonly rate: number;
  /** From which hash on a job is kept; more than any hash: none. */
  readonly threshold: number;
  readonly hashCut: Cut;
}

export function samplingPolicy(
  mode: SamplingPolicy['mode'],
  rate: number,
  isParentBased = false,
): SamplingPolicy {
  const hashCut = { cut: 'hash', weight: rate > 0 ? 1 / rate : 1 } as const;
  return { mode, rate, isParentBased, threshold: thresholdOf(rate), hashCut };
}
