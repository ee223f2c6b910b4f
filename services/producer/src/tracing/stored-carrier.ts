import { type Carrier, formatTraceparent, type RemoteParent, writeCarrier } from '@millrace/telemetry';

/** Characters of baggage that a job carries. What jobs carry does not count towards their queue's bytes: so it is little. */
export const MAX_BAGGAGE = 1_024;

/** The first members of a `baggage` header that fit, whole. */
export function boundedBaggage(text: string): string | undefined {
  if (text.length <= MAX_BAGGAGE) return text;
  let kept: string | undefined;
  for (const member of text.split(',')) {
    const longer = kept === undefined ? member : `${kept},${member}`;
    if (longer.length <= MAX_BAGGAGE) kept = longer;
  }
  return kept;
}

/** What a job carries: its client's context, and the span under which it was handed in. Null: nothing. */
export function storedCarrier({ traceState, baggage }: Carrier, under: RemoteParent | null): string | null {
  return writeCarrier({
    traceparent: under ? formatTraceparent(under, under.isSampled) : undefined,
    tracestate: traceState,
    baggage: baggage === undefined ? undefined : boundedBaggage(baggage),
  });
}
