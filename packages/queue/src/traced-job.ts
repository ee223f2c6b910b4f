import type { EndedAttempt, JobOrigin } from '@millrace/core';

/** Marks of origin among a job's stored options (`mo`). */
const ORIGINS: Readonly<Record<string, JobOrigin>> = { b: 'bulk', r: 'replay', f: 'flow', c: 'scheduled' };

/** What is read of a job's hash to place its spans. */
export const TRACED_FIELDS = ['name', 'timestamp', 'opts', 'rjk'] as const;

type Fields = Readonly<Partial<Record<(typeof TRACED_FIELDS)[number], string | null>>>;

/** Ours among the stored options, and BullMQ's, in its short words. */
interface StoredOptions {
  readonly enqueuedUs?: string;
  readonly mo?: string;
  readonly tm?: string;
  readonly lineage?: readonly string[];
  readonly delay?: number;
}

/** Who a job is to the traces: what stands in its hash from the first moment on. */
export interface TracedJobFacts
  extends Pick<
    EndedAttempt,
    'queue' | 'id' | 'name' | 'timestampMs' | 'enqueuedUs' | 'carrier' | 'origin' | 'replayOf'
  > {
  /** When it was first due, µs since 1970. */
  readonly firstDueUs: number;
}

function storedOptions(text: string | null | undefined): StoredOptions {
  try {
    return (JSON.parse(text ?? '{}') ?? {}) as StoredOptions;
  } catch {
    return {};
  }
}

function originOf({ mo, enqueuedUs }: StoredOptions, isScheduled: boolean): JobOrigin {
  if (mo !== undefined) return ORIGINS[mo] ?? 'foreign';
  if (isScheduled) return 'scheduled';
  return enqueuedUs === undefined ? 'foreign' : 'single';
}

/** The facts in a job's hash; null when that is no job's. */
export function tracedJobFacts(queue: string, id: string, fields: Fields): TracedJobFacts | null {
  const { timestamp, name } = fields;
  if (timestamp === undefined || timestamp === null) return null;
  const options = storedOptions(fields.opts);
  const timestampMs = Number(timestamp);
  const enqueuedUs = options.enqueuedUs === undefined ? timestampMs * 1000 : Number(options.enqueuedUs);
  const { delay, tm, lineage } = options;
  return {
    ...{ queue, id, name: name ?? '', timestampMs, enqueuedUs },
    firstDueUs: delay ? Math.max(enqueuedUs, (timestampMs + delay) * 1000) : enqueuedUs,
    carrier: typeof tm === 'string' ? tm : null,
    origin: originOf(options, Boolean(fields.rjk)),
    replayOf: lineage?.at(-1) ?? null,
  };
}
