import { createSpanEncoder, type SpanRecord } from '@millrace/telemetry';
import { expect, it } from 'vitest';
import { countSpans, type SpanCounts } from './count-spans.ts';

const LIMITS = { valueLength: 1_000, attributes: 10, events: 10, links: 10 };

const span = (over: Partial<SpanRecord>): SpanRecord => ({
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentSpanId: null,
  name: 'process noop',
  kind: 'consumer',
  startUs: 1_763_000_000_000_000,
  endUs: 1_763_000_000_000_500,
  attributes: { text: 'x'.repeat(300), number: 5, share: 0.5, yes: true },
  ...over,
});

/** A delimited field. */
function field(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  const varint = [(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14];
  return Buffer.concat([Uint8Array.from([tag, ...varint]), content]);
}

function request(spans: readonly SpanRecord[]): Uint8Array {
  const encoder = createSpanEncoder(LIMITS);
  for (const each of spans) encoder.add(each);
  return field(
    0x0a,
    Buffer.concat([field(0x0a, Buffer.from('resource')), field(0x12, encoder.take().bytes)]),
  );
}

it('counts spans by the first word of their names, and those that failed', () => {
  const counts: SpanCounts = { byName: new Map(), errors: 0 };
  const failed = span({ name: 'settle noop', error: 'as told', events: [] });
  countSpans(request([span({}), failed, span({})]), counts);
  countSpans(Buffer.concat([request([span({ name: 'process' })]), request([])]), counts);
  expect(Object.fromEntries(counts.byName)).toEqual({ process: 3, settle: 1 });
  expect(counts.errors).toBe(1);
});

it('refuses what is cut off', () => {
  const whole = request([span({})]);
  const counts: SpanCounts = { byName: new Map(), errors: 0 };
  expect(() => countSpans(whole.subarray(0, whole.length - 3), counts)).toThrow(RangeError);
});
