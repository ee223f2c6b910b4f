import { absorb, finish, hexOf, PRIME, SEEDS, TWO_32 } from './hash.ts';
import type { SpanPlace } from './span-record.ts';

/**
 * Ids are derived, not stored: whoever knows a job knows where its spans stand, also after the process that ran it was
 * killed. The hash is a cheap one, for ids need to be unlikely to collide and not hard to guess.
 */

/** The lane of a trace id that decides about sampling. */
const SAMPLING = 2;
/** Bits that make an id's first digit other than 0, so that none is all zeros. */
const NOT_ZERO = 0x10000000;

/** A queue's name is hashed once for many jobs: the states after it, a lane each. More names than this begin anew. */
const MOST_NAMES = 256;
const states = new Map<string, Int32Array>();

function stateAfter(name: string): Int32Array {
  const known = states.get(name);
  if (known) return known;
  if (states.size >= MOST_NAMES) states.clear();
  const state = Int32Array.from(SEEDS, (seed) => absorb(seed, name));
  states.set(name, state);
  return state;
}

/** One 32-bit lane over a job's identity: `queue` is the state after its queue's name. */
function jobLane(lane: number, queue: Int32Array, id: string, number: number): number {
  const named = absorb(queue[lane] as number, id);
  const low = Math.imul(named ^ ((number % TWO_32) | 0), PRIME);
  return finish(Math.imul(low ^ Math.floor(number / TWO_32), PRIME));
}

/** The bits of a job's derived trace id that decide about hash sampling, as a number of 32 bits; makes no string. */
export function jobHash(queue: string, id: string, timestampMs: number): number {
  return jobLane(SAMPLING, stateAfter(queue), id, timestampMs);
}

/**
 * The trace of a job that brought none: 32 hex digits. The sampling lane goes to the head of the low 56 bits, where
 * consistent probability sampling looks for randomness (OpenTelemetry, TraceState: probability sampling).
 */
export function traceIdOf(queue: string, id: string, timestampMs: number): string {
  const state = stateAfter(queue);
  const sampling = jobLane(SAMPLING, state, id, timestampMs);
  const rest = jobLane(3, state, id, timestampMs);
  return hexOf(
    jobLane(0, state, id, timestampMs) | NOT_ZERO,
    jobLane(1, state, id, timestampMs),
    (rest & 0xff000000) | (sampling >>> 8),
    (sampling << 24) | (rest & 0xffffff),
  );
}

/** The trace of a recovery, from the start id of the process that died. */
export function recoveryTraceIdOf(startId: string): string {
  return traceIdOf('millrace.recovery', startId, 0);
}

/** The part of any trace id that decides about sampling; equals `jobHash` for a derived one. */
export function hashOfTraceId(traceId: string): number {
  return Number.parseInt(traceId.slice(18, 26), 16);
}

/** From which hash on a share of `rate` (0–1) is kept: the rule of TraceIdRatioBased, the highest values are kept. */
export function thresholdOf(rate: number): number {
  return (1 - rate) * TWO_32;
}

/** Whether a trace id, or a `jobHash`, belongs to the share `rate` (0–1) that is kept. */
export function isHashSampled(of: string | number, rate: number): boolean {
  return (typeof of === 'number' ? of : hashOfTraceId(of)) >= thresholdOf(rate);
}

/** The span of a job's start (from 1), or of its `send` (start 0): 16 hex digits. A trace may hold many jobs. */
export function spanIdOf(traceId: string, queue: string, id: string, start: number): string {
  const state = stateAfter(queue);
  const inTrace = absorb(PRIME, traceId);
  return hexOf(
    finish(jobLane(0, state, id, start) ^ inTrace) | NOT_ZERO,
    finish(jobLane(1, state, id, start) ^ Math.imul(inTrace, PRIME)),
  );
}

/** The span that `name` (and `index`, where there are many) stands for under a parent. */
export function childSpanIdOf(parent: SpanPlace, name: string, index = 0): string {
  return spanIdOf(parent.traceId, name, parent.spanId, index);
}

/** The root of a recovery's trace. */
export function recoveryPlaceOf(startId: string): SpanPlace {
  const traceId = recoveryTraceIdOf(startId);
  return { traceId, spanId: spanIdOf(traceId, 'millrace.recovery', startId, 0) };
}
