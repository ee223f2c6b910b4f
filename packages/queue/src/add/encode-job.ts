import type { NewJob } from '@millrace/core';
import { markOf } from '../job-origin.ts';
import type { QueueKeys } from '../keys.ts';
import { pack } from '../pack.ts';
import type { AddContext, AddTimes } from '../types/queue.ts';

/** Standard, delayed or prioritized; `u` for a job that may turn out to exist already. */
type Kind = `${'s' | 'd' | 'p'}${'' | 'u'}`;

/** One job as lua/scripts/add.lua takes it: arguments, data, options, kind. */
export interface EncodedJob {
  readonly args: readonly [Buffer, string, Buffer, Kind];
  /** Bytes that count towards the bound. */
  readonly bytes: number;
}

/**
 * What a job carries of its client's trace: `tm` is BullMQ's own name for it, so stock workers read it too, and `mo` says
 * how it came in where that is not as a single job.
 */
function tracing({ carrier, origin }: AddContext) {
  const mark = markOf(origin);
  return { ...(carrier === null ? {} : { tm: carrier }), ...(mark === undefined ? {} : { mo: mark }) };
}

/** Millrace's options in BullMQ's words; ours that BullMQ has none for travel beside them untouched. */
function bullOptions(
  job: NewJob,
  enqueuedUs: number,
  context: AddContext | undefined,
): Record<string, unknown> {
  const { priority, delayMs, attempts, backoff, deduplicationId, timeoutMs, shardKey, deadline } = job.opts;
  return {
    attempts: attempts ?? 1,
    ...(priority ? { priority } : {}),
    ...(delayMs ? { delay: delayMs } : {}),
    ...(backoff
      ? { backoff: { type: backoff.type, delay: backoff.delayMs, jitter: backoff.jitter ?? 0 } }
      : {}),
    ...(deduplicationId ? { de: { id: deduplicationId } } : {}),
    ...(timeoutMs ? { timeoutMs } : {}),
    ...(shardKey ? { shardKey } : {}),
    ...(deadline ? { deadline } : {}),
    // Text: as a number it would lose digits on its way through Lua.
    enqueuedUs: String(enqueuedUs),
    ...(context && tracing(context)),
  };
}

/** A job in BullMQ's words. */
interface BullJob {
  readonly name: string;
  /** JSON. */
  readonly data: string;
  readonly options: Readonly<Record<string, unknown>>;
}

function kindOf({ delay, priority, de }: BullJob['options']): Kind {
  const kind = delay ? 'd' : priority ? 'p' : 's';
  return de ? `${kind}u` : kind;
}

function encode(keys: QueueKeys, { name, data, options }: BullJob, nowMs: number): EncodedJob {
  const dedup = (options.de as { id?: string } | undefined)?.id;
  // Positions as documented in BullMQ's addStandardJob: prefix, id, name, timestamp, parent key, parent
  // dependencies key, parent, scheduler key, deduplication key, defer parent release.
  const args = [keys.prefix, '', name, nowMs, null, null, undefined, undefined, null, null];
  if (dedup) args[8] = `${keys.deduplication}:${dedup}`;
  return { args: [pack(args), data, pack(options), kindOf(options)], bytes: Buffer.byteLength(data) };
}

/** Encodes a job for the add script; the times are the producer's clock. */
export function encodeJob(
  keys: QueueKeys,
  job: NewJob,
  { timestampMs, enqueuedUs }: AddTimes,
  context?: AddContext,
): EncodedJob {
  const data = JSON.stringify(job.data ?? null);
  const options = bullOptions(job, enqueuedUs, context);
  return encode(keys, { name: job.name, data, options }, timestampMs);
}

/** Options that a replay takes over: not when to run, nor for whom, which belonged to the first time. */
const REPLAYED_OPTIONS = ['attempts', 'priority', 'backoff', 'de', 'timeoutMs', 'shardKey', 'lifo'] as const;
/** Replays of replays that are remembered. */
const LINEAGE_LENGTH = 100;

/**
 * A dead letter's copy for the add script, from its hash. It starts at once: a delay is over, and a deadline, which may
 * be as well, would end it unrun.
 */
export function encodeReplay(
  keys: QueueKeys,
  id: string,
  fields: Readonly<Record<string, string>>,
  { timestampMs, enqueuedUs }: AddTimes,
  carrier: string | null,
): EncodedJob {
  const before = JSON.parse(fields.opts ?? '{}') as Record<string, unknown>;
  const kept = REPLAYED_OPTIONS.filter((name) => before[name] !== undefined);
  const lineage = [...((before.lineage as readonly string[] | undefined) ?? []), id].slice(-LINEAGE_LENGTH);
  const options = {
    attempts: 1,
    ...Object.fromEntries(kept.map((name) => [name, before[name]])),
    enqueuedUs: String(enqueuedUs),
    lineage,
    ...tracing({ carrier, origin: 'replay' }),
  };
  return encode(keys, { name: fields.name ?? '', data: fields.data ?? 'null', options }, timestampMs);
}
