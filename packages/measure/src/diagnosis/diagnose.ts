import type { RunSummary } from '../summary/run-summary.ts';
import { blockedEventLoop } from './blocked-event-loop.ts';
import { contendedAggregator } from './contended-aggregator.ts';
import { Facts } from './facts.ts';
import type { Cause, Finding, Signature } from './finding.ts';
import { gcPauses } from './gc-pauses.ts';
import { loggingStorm } from './logging-storm.ts';
import { noisyHost } from './noisy-host.ts';
import { payloadTooLarge } from './payload-too-large.ts';
import { retryStorm } from './retry-storm.ts';
import { signatureOf } from './signature.ts';
import { slowDisk } from './slow-disk.ts';
import { slowDownstream } from './slow-downstream.ts';
import { storeSaturated } from './store-saturated.ts';
import { tooFewWorkers } from './too-few-workers.ts';
import { tooManyWorkers } from './too-many-workers.ts';
import { unboundedProducer } from './unbounded-producer.ts';

/** Looks for one cause; null where the run does not show it. */
export type Diagnose = (facts: Facts) => Finding | null;

export const CAUSES: Readonly<Record<Cause, Diagnose>> = {
  blocked_event_loop: blockedEventLoop,
  gc_pauses: gcPauses,
  store_saturated: storeSaturated,
  contended_aggregator: contendedAggregator,
  retry_storm: retryStorm,
  payload_too_large: payloadTooLarge,
  logging_storm: loggingStorm,
  unbounded_producer: unboundedProducer,
  too_few_workers: tooFewWorkers,
  too_many_workers: tooManyWorkers,
  slow_downstream: slowDownstream,
  slow_disk: slowDisk,
  noisy_host: noisyHost,
};

/** What each cause brings about: where it is there, these are its consequences and are named after it. */
const BRINGS: Readonly<Partial<Record<Cause, readonly Cause[]>>> = {
  payload_too_large: [
    'store_saturated',
    'slow_disk',
    'gc_pauses',
    'contended_aggregator',
    'blocked_event_loop',
  ],
  logging_storm: ['blocked_event_loop', 'gc_pauses', 'too_many_workers', 'too_few_workers'],
  retry_storm: [
    'store_saturated',
    'too_few_workers',
    'unbounded_producer',
    'logging_storm',
    'slow_downstream',
  ],
  blocked_event_loop: ['too_many_workers', 'too_few_workers', 'slow_downstream', 'unbounded_producer'],
  gc_pauses: ['blocked_event_loop', 'too_many_workers', 'too_few_workers'],
  slow_downstream: ['too_few_workers', 'unbounded_producer'],
  slow_disk: ['store_saturated', 'too_few_workers', 'unbounded_producer', 'contended_aggregator'],
  store_saturated: ['too_few_workers', 'contended_aggregator'],
  noisy_host: [
    ...(['blocked_event_loop', 'gc_pauses', 'store_saturated', 'slow_disk'] as const),
    ...(['too_many_workers', 'too_few_workers', 'slow_downstream', 'contended_aggregator'] as const),
  ],
  unbounded_producer: ['store_saturated', 'too_few_workers'],
};

/** The findings in the order in which to act: causes before what they bring about, then the heavier ones. */
export function ranked(findings: readonly Finding[]): Finding[] {
  const rest = [...findings].sort((a, b) => b.weight - a.weight);
  const order: Finding[] = [];
  while (rest.length > 0) {
    const isBrought = ({ cause }: Finding) =>
      rest.some((other) => other.cause !== cause && BRINGS[other.cause]?.includes(cause));
    const at = Math.max(
      0,
      rest.findIndex((finding) => !isBrought(finding)),
    );
    order.push(...rest.splice(at, 1));
  }
  return order;
}

/** The signature of a run, and why it is as it is; no finding at all for a healthy one. */
export function diagnose(run: RunSummary): {
  readonly signature: Signature;
  readonly diagnosis: readonly Finding[];
} {
  const facts = new Facts(run);
  const findings = Object.values(CAUSES).flatMap((look) => look(facts) ?? []);
  return { signature: signatureOf(facts), diagnosis: ranked(findings) };
}
