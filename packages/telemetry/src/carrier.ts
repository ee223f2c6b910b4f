import { parseBaggage } from './baggage.ts';
import { parseTraceparent, type RemoteParent } from './traceparent.ts';
import { parseTracestate } from './tracestate.ts';

/**
 * What a job carries: the context in which it was handed in. BullMQ's own option `tm` holds it as bullmq-otel writes
 * it, a JSON object of W3C headers, so either side reads the other's.
 */
export interface Carrier {
  /** The span under which the job was handed in: the client's, the producer's SERVER span, or a batch's `send`. */
  readonly parent: RemoteParent | null;
  readonly traceState: string | undefined;
  /** As it came: handed on to what the handler calls. */
  readonly baggage: string | undefined;
  readonly runId: string | undefined;
  /** When its sender meant to send it, µs since 1970: latency is counted from here. */
  readonly scheduledUs: number | undefined;
  /** A stock program with our adapter handed it in with many: it is to be linked. */
  readonly isLinked: boolean;
}

/** The W3C headers of a context, each only if there is one. */
export interface ContextHeaders {
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
  readonly baggage?: string | undefined;
}

export const NO_CARRIER: Carrier = {
  parent: null,
  traceState: undefined,
  baggage: undefined,
  runId: undefined,
  scheduledUs: undefined,
  isLinked: false,
};

/** Beside the W3C headers in a stock program's `tm`: the job is one of many, or a scheduler's. Others ignore it. */
export const LINKED = 'millrace.linked';

/** More than the headers of W3C may have together; anything longer is not read. */
const MAX_CARRIER_CHARS = 16_384;

/** Headers as they came → what they say. Garbage counts as absent; never throws. */
export function carrierOf(headers: ContextHeaders): Carrier {
  const parent = parseTraceparent(headers.traceparent);
  const members = parseBaggage(headers.baggage);
  const scheduledUs = Number(members.get('millrace.scheduled_us') ?? Number.NaN);
  return {
    parent,
    traceState: parent ? parseTracestate(headers.tracestate) : undefined,
    baggage: members.size > 0 ? headers.baggage : undefined,
    runId: members.get('millrace.run.id')?.slice(0, 128),
    scheduledUs: Number.isSafeInteger(scheduledUs) && scheduledUs > 0 ? scheduledUs : undefined,
    isLinked: false,
  };
}

/** What was read last: of one job it is asked for several times, and the jobs of a bulk carry the same. */
let lastText: string | undefined;
let lastCarrier = NO_CARRIER;

/** The text of a job's `tm`; null, and garbage, say nothing. Never throws. */
export function readCarrier(text: string | null | undefined): Carrier {
  if (!text || text.length > MAX_CARRIER_CHARS) return NO_CARRIER;
  if (text !== lastText) {
    lastCarrier = parseCarrier(text);
    lastText = text;
  }
  return lastCarrier;
}

function parseCarrier(text: string): Carrier {
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found !== 'object' || found === null) return NO_CARRIER;
    const carrier = carrierOf(onlyTexts(found));
    return LINKED in found ? { ...carrier, isLinked: true } : carrier;
  } catch {
    return NO_CARRIER;
  }
}

function onlyTexts(found: object): ContextHeaders {
  const text = (name: string) => {
    const value = (found as Record<string, unknown>)[name];
    return typeof value === 'string' ? value : undefined;
  };
  return { traceparent: text('traceparent'), tracestate: text('tracestate'), baggage: text('baggage') };
}

/** The text for a job's `tm`; null if there is nothing to carry. */
export function writeCarrier(headers: ContextHeaders): string | null {
  const { traceparent, tracestate, baggage } = headers;
  if (!traceparent && !baggage) return null;
  return JSON.stringify({
    ...(traceparent && { traceparent }),
    ...(traceparent && tracestate && { tracestate }),
    ...(baggage && { baggage }),
  });
}
