import type { NewJob } from '@millrace/core';
import { Packr } from 'msgpackr';
import type { QueueKeys } from '../keys.ts';

// As BullMQ's own: its scripts read what this writes (RedisQueueBackend's packer).
const packr = new Packr({ useRecords: false, encodeUndefinedAsNil: true });

/** msgpack, as the scripts unpack it. */
export const pack = (value: unknown): Buffer => packr.pack(value);

/** Standard, delayed or prioritized; `u` for a job that may turn out to exist already. */
type Kind = `${'s' | 'd' | 'p'}${'' | 'u'}`;

/** One job as lua/scripts/add.lua takes it: arguments, data, options, kind. */
export interface EncodedJob {
  readonly args: readonly [Buffer, string, Buffer, Kind];
  /** Bytes that count towards the bound. */
  readonly bytes: number;
}

/** Millrace's options in BullMQ's words; ours that BullMQ has none for travel beside them untouched. */
function bullOptions(job: NewJob, enqueuedUs: number): Record<string, unknown> {
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
  };
}

function kindOf({ opts: { delayMs, priority, deduplicationId } }: NewJob): Kind {
  const kind = delayMs ? 'd' : priority ? 'p' : 's';
  return deduplicationId ? `${kind}u` : kind;
}

/** Encodes a job for the add script. `nowMs` and `enqueuedUs` are the producer's clock. */
export function encodeJob(keys: QueueKeys, job: NewJob, nowMs: number, enqueuedUs: number): EncodedJob {
  const dedup = job.opts.deduplicationId;
  // Positions as documented in BullMQ's addStandardJob: prefix, id, name, timestamp, parent key, parent
  // dependencies key, parent, scheduler key, deduplication key, defer parent release.
  const args = [keys.prefix, '', job.name, nowMs, null, null, undefined, undefined, null, null];
  if (dedup) args[8] = `${keys.deduplication}:${dedup}`;
  const data = JSON.stringify(job.data ?? null);
  return {
    args: [pack(args), data, pack(bullOptions(job, enqueuedUs)), kindOf(job)],
    bytes: Buffer.byteLength(data),
  };
}
