/** The 13 causes that a report knows. */
export type Cause =
  | 'blocked_event_loop'
  | 'gc_pauses'
  | 'store_saturated'
  | 'contended_aggregator'
  | 'retry_storm'
  | 'payload_too_large'
  | 'logging_storm'
  | 'unbounded_producer'
  | 'too_few_workers'
  | 'too_many_workers'
  | 'slow_downstream'
  | 'slow_disk'
  | 'noisy_host';

/** What a run looks like from outside, before anybody asks why. */
export type Shape = 'healthy' | 'tail' | 'both' | 'memory' | 'recovery';

export interface Signature {
  readonly shape: Shape;
  /** A sentence with the figures that show it. */
  readonly said: string;
}

/** Why a run is as it is. */
export interface Finding {
  readonly cause: Cause;
  /** Sentences with figures: what was seen. */
  readonly evidence: readonly string[];
  /** Fundamental: of the design or the capacity. Accidental: of tuning, code or surroundings; it voids a comparison. */
  readonly kind: 'fundamental' | 'accidental';
  readonly experiment: string;
  /** How much of the harm it explains, 0 to 1: the higher is named first. */
  readonly weight: number;
}
