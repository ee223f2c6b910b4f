import { type Config, didYouMean, type Fault, type MillraceError, type NewJob } from '@millrace/core';
import type { HandlerRegistry } from '@millrace/sdk';
import { tooLarge } from '../http/body.ts';
import { FAULTS_LISTED, faultsOf, invalidData } from '../http/schema-faults.ts';
import { newJobSchema } from '../schemas/new-job.ts';

/** A job that may be stored, or all that is wrong with it. */
export type Checked =
  | { readonly ok: true; readonly job: NewJob }
  | { readonly ok: false; readonly faults: readonly Fault[]; readonly isTooLarge: boolean };

/** JSON.stringify writes `1e20` as 21 digits; nothing grows more. */
const LONGEST_GROWTH = 6;

export interface JobChecker {
  /**
   * Checks one job of `queue`; `pointer` is where it stands in the body, `bodyBytes` how large that was.
   * What is accepted is what was sent, not what the handler's schema makes of it: the worker parses it again.
   */
  check(queue: string, raw: unknown, pointer: string, bodyBytes: number): Promise<Checked>;
}

function refused(faults: readonly Fault[], isTooLarge = false): Checked {
  return { ok: false, faults, isTooLarge };
}

/** The error that refused jobs stand for: with anything wrong but sizes, the sizes are told with the rest. */
export function refusalError(
  refusals: readonly (Checked & { ok: false })[],
  maxBytes: number,
): MillraceError {
  const faults = refusals.flatMap((refusal) => refusal.faults);
  if (refusals.some((refusal) => !refusal.isTooLarge)) return invalidData(faults);
  return tooLarge('The data of a job', maxBytes, faults.slice(0, FAULTS_LISTED));
}

/** Fills in the retry policy of the job's handler where the job names none of its own. */
function withRetries(registry: HandlerRegistry, queue: string, job: NewJob): NewJob {
  const retry = registry.get(queue, job.name)?.retry;
  if (!retry) return job;
  const { attempts, backoff: type, baseMs: delayMs, jitter } = retry;
  return { ...job, opts: { attempts, backoff: { type, delayMs, jitter }, ...job.opts } };
}

export function createJobChecker(config: Pick<Config, 'job'>, registry: HandlerRegistry): JobChecker {
  const { maxBytes } = config.job;
  const isOver = (data: unknown, bodyBytes: number) =>
    bodyBytes * LONGEST_GROWTH > maxBytes && Buffer.byteLength(JSON.stringify(data)) > maxBytes;

  return {
    async check(queue, raw, pointer, bodyBytes) {
      const parsed = newJobSchema.safeParse(raw);
      if (!parsed.success) return refused(faultsOf(parsed.error, newJobSchema, pointer));
      const job = parsed.data as NewJob;
      if (isOver(job.data, bodyBytes)) {
        return refused([{ pointer: `${pointer}/data`, message: `is over ${maxBytes} bytes` }], true);
      }
      const names = registry.names(queue);
      // A queue without handlers here is served by somebody else, who knows what its jobs look like.
      if (names.length === 0) return { ok: true, job };
      if (!names.includes(job.name)) {
        const message = `queue "${queue}" has no handler "${job.name}"${didYouMean(job.name, names)}`;
        return refused([{ pointer: `${pointer}/name`, message }]);
      }
      // A copy: a schema that transforms in place must not change what is stored.
      const checked = await registry.validate(queue, job.name, structuredClone(job.data));
      if (checked.ok) return { ok: true, job: withRetries(registry, queue, job) };
      const faults = checked.faults.map((fault) => ({
        pointer: `${pointer}/data${fault.pointer}`,
        message: fault.message,
      }));
      return refused(faults);
    },
  };
}
