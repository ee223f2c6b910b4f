import type { SpanPlace } from './span-record.ts';

/**
 * Ids are derived, not stored: whoever knows a job knows where its spans stand, also after the process that ran it was
 * killed. The hash is a cheap one, for ids need to be unlikely to collide and not hard to guess.
 */

const PRIME = 0x01000193;
/** A seed for each 32-bit lane of a trace id; the third lane is the one that decides about sampling. */
const LANES = [0x811c9dc5, 0x9e3779b1, 0x85ebca6b, 0xc2b2ae35] as const;
const SAMPLING_LANE = 2;
const TWO_32 = 2 ** 32;

/** FNV-1a over the text's UTF-16 units, from `state`. */
function absorb(state: number, text: string): number {
  let hash = state;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME);
  return Math.imul(hash ^ text.length, PRIME);
}

/** murmur3's finish: every bit of the state moves every bit of the answer. */
function finish(state: number): number {
  let hash = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function jobLane(seed: number, queue: string, id: string, timestampMs: number): number {
  const named = absorb(absorb(seed, queue), id);
  const timed = Math.imul(named ^ ((timestampMs % TWO_32) | 0), PRIME);
  return finish(Math.imul(timed ^ Math.floor(timestampMs / TWO_32), PRIME));
}

const hex8 = (lane: number) => lane.toString(16).padStart(8, '0');

/** The bits of a job's derived trace id that decide about hash sampling, as a number of 32 bits; makes no string. */
export function jobHash(queue: string, id: string, timestampMs: number): number {
  return jobLane(LANES[SAMPLING_LANE], queue, id, timestampMs);
}

/** The trace of a job that brought none: 32 hex digits. */
export function traceIdOf(queue: string, id: string, timestampMs: number): string {
  const lane = (seed: number) => hex8(jobLane(seed, queue, id, timestampMs));
  return layOut(lane(LANES[0]), lane(LANES[1]), lane(LANES[SAMPLING_LANE]), lane(LANES[3]));
}

/** The trace of a recovery, from the start id of the process that died. */
export function recoveryTraceIdOf(startId: string): string {
  return traceIdOf('millrace.recovery', startId, 0);
}

/**
 * The sampling lane goes to the head of the low 56 bits, where consistent probability sampling looks for randomness
 * (OpenTelemetry, TraceState: probability sampling). The first digit is never 0, so no id is all zeros.
 */
function layOut(a: string, b: string, sampling: string, c: string): string {
  const head = a[0] === '0' ? `1${a.slice(1)}` : a;
  return `${head}${b}${c.slice(0, 2)}${sampling}${c.slice(2)}`;
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
  return spanIdFrom(`${traceId}\n${queue}\n${id}`, start);
}

/** The span that `name` (and `index`, where there are many) stands for under a parent. */
export function childSpanIdOf(parent: SpanPlace, name: string, index = 0): string {
  return spanIdFrom(`${parent.traceId}${parent.spanId}${name}`, index);
}

function spanIdFrom(text: string, number: number): string {
  const lane = (seed: number) => hex8(jobLane(seed, text, '', number));
  const head = lane(LANES[0]);
  return (head[0] === '0' ? `1${head.slice(1)}` : head) + lane(LANES[1]);
}

/** The root of a recovery's trace. */
export function recoveryPlaceOf(startId: string): SpanPlace {
  const traceId = recoveryTraceIdOf(startId);
  return { traceId, spanId: spanIdOf(traceId, 'millrace.recovery', startId, 0) };
}
