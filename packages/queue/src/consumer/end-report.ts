import { type Clock, type Log, messageOf } from '@millrace/core';
import type { ConsumerOptions } from '../types/consumer.ts';
import { AttemptEnd } from './attempt-end.ts';
import type { OnRunEnd } from './running-jobs.ts';

/**
 * Tells `onAttemptEnd` of runs whose end the store has accepted. A job that failed before it ran, on somebody else's
 * word, had no attempt here. Undefined where nobody listens: then nothing is made.
 */
export function createEndReport(
  { queue, startId, onAttemptEnd }: Pick<ConsumerOptions, 'queue' | 'startId' | 'onAttemptEnd'>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): OnRunEnd | undefined {
  if (onAttemptEnd === undefined) return undefined;
  const consumer = { queue, startId };
  return ({ job, startedUs, endedUs, outcome, marks }, how) => {
    if (job === null || startedUs === null) return;
    const settledUs = Math.max(startedUs, clock.epochUs());
    const end = { how, endedUs: endedUs ?? settledUs, settledUs };
    try {
      onAttemptEnd(new AttemptEnd(consumer, job, { outcome, startedUs, past: marks.past }, end));
    } catch (error) {
      // Whoever looks on must not touch what it looks at.
      log.error({ queue, error: messageOf(error) }, 'Telling of an ended attempt failed');
    }
  };
}
