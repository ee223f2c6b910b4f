import type { SpanPlace } from './span-record.ts';

/** W3C Trace Context, level 1, section 3.2. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const SAMPLED = 1;

/** Somebody's span, and whether they keep their trace. */
export interface RemoteParent extends SpanPlace {
  readonly isSampled: boolean;
}

/** A `traceparent`; null for what is none. Versions to come are read as far as this one goes. */
export function parseTraceparent(text: string | undefined): RemoteParent | null {
  const match = text === undefined || text.length > 512 ? null : TRACEPARENT.exec(text.trim());
  if (!match) return null;
  const [, version, traceId, spanId, flags, more] = match as unknown as string[];
  if (version === 'ff' || (version === '00' && more !== undefined)) return null;
  if (!traceId || !spanId || !flags || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED };
}

/** The `traceparent` (or `traceresponse`) that names a span. */
export function formatTraceparent(place: SpanPlace, isSampled: boolean): string {
  return `00-${place.traceId}-${place.spanId}-${isSampled ? '01' : '00'}`;
}
