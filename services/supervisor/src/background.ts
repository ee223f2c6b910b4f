import { type Log, messageOf } from '@millrace/core';

/** Work that goes on beside everything else until `signal` aborts; an end before that is a defect, and told. */
export function runInBackground(
  work: Readonly<Record<string, () => Promise<void>>>,
  signal: AbortSignal,
  log: Log,
): void {
  for (const [what, run] of Object.entries(work)) {
    run().catch((error) => {
      if (!signal.aborted) log.error({ what, error: messageOf(error) }, 'Background work ended');
    });
  }
}
